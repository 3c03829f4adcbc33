package check_test

import (
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/google/go-cmp/cmp"
)

// An account that no addon brings is looked for; that of every namespace, and those that are rendered, are not.
func TestOtherAccounts(t *testing.T) {
	pod := func(name, account string) string {
		return `{apiVersion: v1, kind: Pod, metadata: {name: ` + name + `, namespace: a}, spec: {serviceAccountName: ` + account + `}}`
	}
	addons := []render.Addon{
		{Objects: objects(t, pod("one", "theirs"), pod("two", "ours"), pod("three", "default"), pod("four", "theirs"))},
		{Objects: objects(t, `{apiVersion: v1, kind: ServiceAccount, metadata: {name: ours, namespace: a}}`)},
	}
	var got []string
	for _, o := range check.OtherAccounts(addons) {
		got = append(got, manifest.IDOf(o).String())
	}
	if diff := cmp.Diff([]string{"ServiceAccount a/theirs"}, got); diff != "" {
		t.Error(diff)
	}
}
