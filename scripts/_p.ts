import * as tf from '@tensorflow/tfjs-core';
import { startEngine } from '../src/runtime/engine.js';
import { Checkpoint } from '../src/model/checkpoint.js';
import { parseBertConfig } from '../src/model/bert/config.js';
import { BertModel } from '../src/model/bert/model.js';
import { BERT_BASE } from './bench/random-checkpoint.js';
await startEngine('wasm');
const ck=await Checkpoint.open('/tmp/bert-base-random'); const model=await BertModel.load(ck,parseBertConfig(BERT_BASE,'c')); await ck.close();
const T=14,S=20,tokens=[Array.from({length:T},(_,i)=>1000+i*37)];
const heap=()=>(tf.backend() as any).wasm.HEAPU8.length/1e6;
console.log('loaded',heap());
const tr=model.trace({tokens,positions:[3]}); console.log('traced',heap(), tf.memory().numBytes/1e6);

const l=0; const x=tf.tile(tr.layers[l].activations,[S,1]) as tf.Tensor2D;
const best:{name:string,t:number,s:string}[]=[]; let wall=1e9;
for(let r=0;r<7;r++){ const t0=performance.now();
const p=await tf.profile(()=>{ tf.tidy(()=>{tf.valueAndGrad((x:tf.Tensor2D)=>model.answerProbability(model.resume(tr,l,x),Array(S).fill(5)))(x,tf.ones([S,1]) as tf.Tensor2D)}); return x;});
wall=Math.min(wall,performance.now()-t0);
for(const [i,k] of p.kernels.entries()){const t=await k.kernelTimeMs as number; const sh=k.name+' '+k.inputShapes.map(s=>'['+s+']').join('x'); if(!best[i])best[i]={name:k.name,t,s:sh};else best[i].t=Math.min(best[i].t,t);}
}
const agg=(f:(b:any)=>string)=>{const by:Record<string,[number,number]>={};for(const b of best){if(b.name==='forward')continue;const t=by[f(b)]??=[0,0];t[0]++;t[1]+=b.t;}return Object.entries(by).sort((a,b)=>b[1][1]-a[1][1]);};
const tot=best.filter(b=>b.name!=='forward').reduce((a,b)=>a+b.t,0);
console.log('wall',wall,'sum',tot);
console.log(agg(b=>b.name).map(([n,[c,t]])=>`${n} ${c} ${t.toFixed(1)}ms ${(100*t/tot).toFixed(1)}%`).slice(0,14).join('\n'));
console.log(agg(b=>b.s).map(([n,[c,t]])=>`${n} ${c} ${t.toFixed(1)}ms`).slice(0,45).join('\n'));
