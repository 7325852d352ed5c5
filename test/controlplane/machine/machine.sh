#!/bin/sh
# The first process of a machine, in namespaces of its own for mounts, processes, network, host name and IPC. When it
# ends, in whatever way, the kernel ends every process here and takes mounts and network down with them.
#
# machine.sh VAR OUTSIDE LINK NET SERVICES NAME PATH: VAR is the machine's /var as the outside calls it, OUTSIDE a process out
# there, LINK the name of our cable at its end, NET the first three numbers of our addresses, PATH where programs are.
set -eu
var=$1 outside=$2 link=$3 net=$4 services=$5 name=$6 path=$7

# Nothing that is mounted here is to reach the outside.
mount --make-rprivate /

# The cable, while /proc still shows the processes of the outside. We are process 1 here. Its other end goes with ours.
# shellcheck disable=SC2016 # the inner shell expands them
nsenter --net="/proc/$outside/ns/net" /bin/sh -euc '
	tries=50 # after a restart the cable of before may not be gone yet
	until ip link add "$1" type veth peer name eth0 netns 1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || exit 1
		sleep 0.1
	done
	ip address add "$2.1/30" dev "$1"
	ip link set "$1" up
	ip route add "$2.128/25" via "$2.2"' machine "$link" "$net"
ip address add "$net.2/30" dev eth0
ip link set lo up
ip address add "$services/32" dev lo
ip link set eth0 up
ip route add default via "$net.1"

# What kubelet and containerd write lies in /var and /run, at the paths that they know by heart.
mount --rbind "$var" /var
mount -t tmpfs -o mode=755 machine /run
mount -t proc proc /proc
echo "$name" >/proc/sys/kernel/hostname
mount --make-rshared /
cd /

# Not exec: the orphans of a machine become its first process's children, and a shell that waits collects them.
PATH=$path:$PATH containerd --config /var/lib/containerd.toml &
wait $!
