#!/bin/sh
# Starts what it is named after, the benchmark or kn, with the Node of this archive.
start=$0
while [ -h "$start" ]; do
  target=$(readlink "$start")
  case $target in /*) start=$target ;; *) start=${start%/*}/$target ;; esac
done
case $start in */*) here=${start%/*} ;; *) here=. ;; esac
here=$(cd "$here" && pwd -P) || exit 1
name=${start##*/}

node=$here/bin/node
dawn=$here/app/node_modules/webgpu/dist/linux-x64/dawn.node

# Node and Dawn are C++; Dawn wants GCC 12's library. Where the machine has none, or an older one, the archive lends its own,
# which takes the C library of the system that packed it, or a newer one.
loads() { "$node" -e 'require(process.argv[1])' "$dawn" 2>&1; }
if ! loads >/dev/null; then
  LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/lib/c++
  export LD_LIBRARY_PATH
  if ! reason=$(loads); then
    printf '%s\n' "$reason" | grep -i -e lib -e error | head -n 3 >&2
    echo "$name: the programs of this archive do not run here." >&2
    echo 'They need Linux on x86-64 with glibc 2.34 and the C++ library of GCC 12, or newer: Ubuntu 22.04, Debian 12, RHEL 10.' >&2
    exit 1
  fi
fi

# In a container a user may have no home, which a library asks for.
HOME=${HOME:-/}
GPU_BENCH_LIBRARIES=$here/lib
export HOME GPU_BENCH_LIBRARIES

if [ "$name" = kn ]; then
  # The linker reads its variables when a process starts: they are set before kn does. Without a GPU kn computes all the same.
  eval "$("$node" "$here/app/scripts/gpu-bench/lend.js")"
  exec "$node" "$here/app/bin/kn.js" "$@"
fi
exec "$node" "$here/app/scripts/gpu-bench/main.js" "$@"
