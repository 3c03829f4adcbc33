package bed

import (
	"net"
	"slices"
	"strings"
	"testing"
)

func TestFlagsOfReleases(t *testing.T) {
	const (
		insecure = "--insecure-port=0"
		port     = "--port=0"
		egress   = "--egress-selector-config-file=/bed/egress.yaml"
		oldLists = "KUBE_FEATURE_WatchListClient=false"
	)
	for minor, want := range map[int][]string{
		15: {insecure, port, oldLists},
		17: {insecure, port, oldLists},
		18: {insecure, port, egress, oldLists},
		20: {egress, oldLists},
		26: {egress, oldLists},
		27: {egress},
		36: {egress},
	} {
		l := layout{minor: minor, dir: "/bed"}
		all := slices.Concat(l.apiserverArgs(), l.controllersArgs(), l.schedulerArgs(), l.kwokEnv())
		for _, flag := range []string{insecure, port, egress, oldLists} {
			if got := slices.Contains(all, flag); got != slices.Contains(want, flag) {
				t.Errorf("1.%d has %s: %v", minor, flag, got)
			}
		}
	}
}

// TestLoopback expects every address in the flags to be on the loopback.
func TestLoopback(t *testing.T) {
	l := layout{minor: 36, dir: "/bed", ports: ports{etcd: 1, etcdPeer: 2, apiserver: 3, controllers: 4, scheduler: 5, kwok: 6}}
	for _, arg := range slices.Concat(l.etcdArgs(), l.apiserverArgs(), l.controllersArgs(), l.schedulerArgs(), l.kwokArgs("/stages")) {
		name, value, _ := strings.Cut(arg, "=")
		listens := strings.HasSuffix(name, "-address") || strings.Contains(name, "-urls")
		if listens && !strings.Contains(value, loopback) {
			t.Errorf("%s is not on the loopback", arg)
		}
	}
}

func TestFreePorts(t *testing.T) {
	p, err := freePorts()
	if err != nil {
		t.Fatal(err)
	}
	all := []int{p.etcd, p.etcdPeer, p.apiserver, p.controllers, p.scheduler, p.kwok}
	slices.Sort(all)
	if len(slices.Compact(all)) != 6 {
		t.Errorf("the same port twice in %+v", p)
	}
	listener, err := net.Listen("tcp", address(p.etcd))
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
}

func TestNodeIP(t *testing.T) {
	for n, want := range map[int]string{1: "198.18.0.1", 256: "198.18.1.0", maxNodes: "198.18.2.0"} {
		if got := nodeIP(n); got != want {
			t.Errorf("node %d has %s, want %s", n, got, want)
		}
	}
}
