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
