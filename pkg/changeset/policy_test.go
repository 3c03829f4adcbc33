package changeset_test

import (
	"testing"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

func TestPolicies(t *testing.T) {
	p, err := changeset.ParsePolicies([]string{"keep", "coredns=take-over"})
	if err != nil {
		t.Fatal(err)
	}
	if p.Of("coredns") != changeset.TakeOver || p.Of("cilium") != changeset.Leave || (changeset.Policies{}).Of("cilium") != changeset.Fail {
		t.Errorf("policies %v", p)
	}
	for _, word := range []string{"", "theirs", "=keep", "coredns=", "coredns=force"} {
		if _, err := changeset.ParsePolicies([]string{word}); err == nil {
			t.Errorf("%q is taken for a policy", word)
		}
	}
}

func TestNames(t *testing.T) {
	id := manifest.ID{Kind: "Secret", Namespace: "x", Name: "a"}
	system := manifest.ID{Kind: "Secret", Namespace: "kube-system", Name: "a"}
	if !(changeset.Names{"secret/x/a"}).Has(id) || !(changeset.Names{"Secret/a"}).Has(system) || !(changeset.Names{"secret/kube-system/a"}).Has(system) {
		t.Error("an object is not known by its name")
	}
	for _, word := range []string{"Secret/a", "Secret/b", "Secret/y/a", "a", "Secret"} {
		if (changeset.Names{word}).Has(id) {
			t.Errorf("%s names %s", word, id)
		}
	}
}
