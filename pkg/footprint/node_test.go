package footprint_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/footprint"
)

func TestSizes(t *testing.T) {
	sizes, err := footprint.Sizes()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sizes {
		named, err := footprint.SizeNamed(s.Name)
		if err != nil || named.Cores != s.Cores {
			t.Errorf("size %s: %v, %v", s.Name, named, err)
		}
		if _, err := footprint.NodeOf(s, "amd64"); err != nil {
			t.Errorf("size %s: %v", s.Name, err)
		}
	}
	if _, err := footprint.SizeNamed(footprint.DefaultSize); err != nil {
		t.Error(err)
	}
	if _, err := footprint.SizeNamed("tiny"); err == nil || err.Error() != `there is no node size "tiny"; use one of small, medium, large, or give cores and memory` {
		t.Errorf("error %v", err)
	}
}

func TestNodeOf(t *testing.T) {
	n, err := footprint.NodeOf(footprint.Size{Cores: "3", Memory: "4Gi", Reserved: map[string]string{"cpu": "100m", "memory": "0.5Gi"}}, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := n.String(), "a node (3000m CPU, 4096Mi memory; pods may request 2900m, 3484Mi), amd64"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNodeOfRefuses(t *testing.T) {
	for want, s := range map[string]footprint.Size{
		`node: cpu is "three"; give a quantity such as 3 or 500m`:                        {Cores: "three", Memory: "4Gi"},
		`node: memory is "-1Gi"; give a quantity such as 4Gi or 300Mi`:                   {Cores: "3", Memory: "-1Gi"},
		`node: cpu is "1e30", more than any machine has; give 4096 at the most`:          {Cores: "1e30", Memory: "4Gi"},
		`node: memory is "65Ti", more than any machine has; give 64Ti at the most`:       {Cores: "3", Memory: "65Ti"},
		`node: cpu is "NaN"; give a quantity such as 3 or 500m`:                          {Cores: "NaN", Memory: "4Gi"},
		`node: memory is "1e-2000000000"; give a quantity such as 4Gi or 300Mi`:          {Cores: "3", Memory: "1e-2000000000"},
		"reserved: disk is not counted; give cpu and memory":                             {Cores: "3", Memory: "4Gi", Reserved: map[string]string{"disk": "1Gi"}},
		"node: the kubelet keeps back all of its memory; give a larger node, or reserve": {Cores: "3", Memory: "100Mi"},
	} {
		if _, err := footprint.NodeOf(s, "amd64"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v does not begin with %q", err, want)
		}
	}
	for _, architecture := range []string{"", "foo", "AMD64", "x86_64"} {
		if _, err := footprint.NodeOf(footprint.Size{Cores: "3", Memory: "4Gi"}, architecture); err == nil {
			t.Errorf("a node with architecture %q is taken", architecture)
		}
	}
}
