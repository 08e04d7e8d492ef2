/** What `kn setup tensorflow` is made of: exact versions, and the hashes that their publishers name. */

/** A package of the npm registry, fetched but not installed: none of its scripts runs. */
export interface PackageSource {
  readonly name: string;
  readonly version: string;
  /** As npm calls the file. */
  readonly file: string;
  /** sha512, in base64, as the registry's `integrity`. */
  readonly sha512: string;
}

export interface WheelSource {
  readonly project: string;
  readonly version: string;
  readonly file: string;
  /** The tags of `file`, as pip takes them. */
  readonly python: string;
  readonly abi: string;
  readonly platform: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/**
 * PyPI's wheel of libtensorflow for the CPU. The library in it does not depend on Python: it is always this file that
 * is asked for, whatever Python is here, or none.
 */
export const TENSORFLOW_WHEEL: WheelSource = {
  project: 'tensorflow-cpu',
  version: '2.21.0',
  file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
  python: '3.11',
  abi: 'cp311',
  platform: 'manylinux_2_27_x86_64',
  bytes: 273_829_956,
  sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
};

/**
 * The same for CUDA, which computes on the CPU too. PyPI's own page could not be asked when this was written: the hash
 * and the size are those that uv wrote into a public lock file from PyPI's index (uv.lock of hisaume/faceledger on
 * GitHub, commit 62c2c20).
 */
export const TENSORFLOW_CUDA_WHEEL: WheelSource = {
  project: 'tensorflow',
  version: '2.21.0',
  file: 'tensorflow-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl',
  python: '3.12',
  abi: 'cp312',
  platform: 'manylinux_2_27_x86_64',
  bytes: 572_611_111,
  sha256: 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
};

/**
 * About what CUDA's libraries come to, in bytes: twelve wheels whose versions TensorFlow gives as ranges, and which
 * grow from release to release.
 */
export const CUDA_BYTES = { wheels: 2.8e9, unpacked: 6e9 };

export const TFJS_NODE_PACKAGE: PackageSource = {
  name: '@tensorflow/tfjs-node',
  version: '4.22.0',
  file: 'tensorflow-tfjs-node-4.22.0.tgz',
  sha512: 'uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==',
};

/** tfjs-node's one dependency that its kernels load. */
export const PROTOBUF_PACKAGE: PackageSource = {
  name: 'google-protobuf',
  version: '3.21.4',
  file: 'google-protobuf-3.21.4.tgz',
  sha512: 'MnG7N936zcKTco4Jd2PX2U96Kf9PxygAPKBug+74LHzmHXmceN16MmRcdgZv+DGef/S9YvQAfRsNCn4cjf9yyQ==',
};

/** The build of libtensorflow that tfjs-node's own install script downloads; its publisher names no hash. */
export const GOOGLE_TENSORFLOW = {
  version: '2.9.1',
  url: 'https://storage.googleapis.com/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz',
};
