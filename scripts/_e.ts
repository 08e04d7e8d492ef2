import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { startEngine } from '../src/runtime/engine.js';
import { Checkpoint } from '../src/model/checkpoint.js';
import { parseBertConfig } from '../src/model/bert/config.js';
import { BertModel } from '../src/model/bert/model.js';
import { loadTokenizer } from '../src/model/tokenizer.js';
import { findNeurons } from '../src/neurons/find.js';
import { intervene } from '../src/intervention/intervene.js';
import { standingOf } from '../src/intervention/distribution.js';
import { openDataset } from '../src/dataset/dataset.js';
import { DEMO_DATA } from '../src/embedded.js';
await startEngine('wasm');
async function load(folder:string){const config=parseBertConfig(JSON.parse(readFileSync(folder+'/config.json','utf8')),'c');
const ck=await Checkpoint.open(folder); const model=await BertModel.load(ck,config);await ck.close();
return {model,tok:await loadTokenizer(folder,config.vocabularySize)};}
{const {model,tok}=await load('/work/shared/golden/bert-tiny-random');const g=JSON.parse(readFileSync('/work/shared/golden/bert-tiny-random/golden.json','utf8'));
for(const e of g.edits){if(e.target==='stockholm')continue;const [r]=intervene(model,[tok.encode(e.prompt,64)],g.neurons,[0,2]);const a=tok.answerId(e.target);const f=(d:any,x:any)=>[(standingOf(a,d).probability/x.target_prob-1).toExponential(1), d.indexOf(Math.max(...d))===x.argmax_id];console.log(f(r.before,e.before),f(r.after[0],e.suppress),f(r.after[1],e.enhance));}
const P=g.prompts.map((p:string)=>tok.encode(p,64));
for(const [k,th] of [['adaptive_threshold_0_3',{kind:'adaptive',value:.3}],['threshold_1e_4',{kind:'absolute',value:1e-4}],['percentile_95',{kind:'percentile',value:95}]] as any){const f=findNeurons(model,P,tok.answerId(g.target),{rule:'riemann_endpoints',steps:20,threshold:th,share:.3});console.log(k,JSON.stringify(f.prompts[0].coarse)===JSON.stringify(g.coarse[k]));
 if(k[0]==='a')for(const s of [.3,.5,.7])console.log(s,JSON.stringify(findNeurons(model,P,tok.answerId(g.target),{rule:'riemann_endpoints',steps:20,threshold:th,share:s}).neurons)===JSON.stringify(g.refined['p_'+s]))}}
const {model,tok}=await load('data/demo-model'); const ds=await openDataset(DEMO_DATA);
let t=Date.now(),n=0,ok=0,nn=0; const mean=(a:number[])=>a.reduce((x,y)=>x+y,0)/a.length;
const R:Record<string,number[]>={rs:[],re:[],us:[],ue:[]}; let k=0;
for(const f of ds.facts.map(ds.withPrompts)){ const P=f.prompts.map(p=>tok.encode(p,64)),a=tok.answerId(f.object);
 const {neurons}=findNeurons(model,P,a,{rule:'riemann_endpoints',steps:20,threshold:{kind:'adaptive',value:.3},share:.3}); nn+=neurons.length;
 const ch=(r:any,i:number,a:number)=>standingOf(a,r.after[i]).probability/standingOf(a,r.before).probability-1;
 const rel=intervene(model,P,neurons,[0,2]); for(const r of rel){n++;if(standingOf(a,r.before).rank===1)ok++;}
 let u;do{k=(k*1103515245+12345)&0x7fffffff;u=ds.facts[k%ds.facts.length]}while(u.relation===f.relation);
 const uf=ds.withPrompts(u),ua=tok.answerId(uf.object);const un=intervene(model,uf.prompts.map(p=>tok.encode(p,64)),neurons,[0,2]);
 if(neurons.length){R.rs.push(mean(rel.map(r=>ch(r,0,a))));R.re.push(mean(rel.map(r=>ch(r,1,a))));R.us.push(mean(un.map(r=>ch(r,0,ua))));R.ue.push(mean(un.map(r=>ch(r,1,ua))));}
}
console.log('acc',ok/n,'neurons/fact',nn/ds.facts.length,'time',(Date.now()-t)/1000,Object.fromEntries(Object.entries(R).map(([k,v])=>[k,mean(v)])),R.rs.length, tf.memory().numTensors);
