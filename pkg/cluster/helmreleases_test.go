package cluster

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// helmRelease is a Secret as Helm 3 writes it.
func helmRelease(t *testing.T, text string) *manifest.Object {
	t.Helper()
	encoded, err := json.Marshal(map[string]any{"name": "cart", "chart": map[string]any{"files": []string{"x"}}, "manifest": text})
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(encoded); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	inner := base64.StdEncoding.EncodeToString(packed.Bytes())
	return secretWith(base64.StdEncoding.EncodeToString([]byte(inner)))
}

func secretWith(data string) *manifest.Object {
	return &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "Secret",
		"metadata": map[string]any{"name": "sh.helm.release.v1.cart.v3", "namespace": "shop", "labels": map[string]any{"name": "cart"}},
		"data":     map[string]any{"release": data}}}
}

func TestReleaseOf(t *testing.T) {
	got, err := releaseOf(helmRelease(t, "---\n# Source: a\napiVersion: extensions/v1beta1\nkind: \"Ingress\" # old\nmetadata:\n  kind: inner\n---\nkind: Service\napiVersion: 'v1'\n---\nkind: Service\napiVersion: v1\n---\nkind: NoVersion\n---\napiVersion: a/b/c\nkind: Wrong\n"))
	if want := "shop/cart [extensions/v1beta1, Kind=Ingress /v1, Kind=Service]"; err != nil || fmt.Sprintf("%s/%s %v", got.Namespace, got.Name, got.Kinds) != want {
		t.Errorf("%v, error %v; want %s", got, err, want)
	}
	var flood strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&flood, "---\napiVersion: v1\nkind: K%d\n", i)
	}
	if got, err := releaseOf(helmRelease(t, flood.String())); err != nil || len(got.Kinds) != mostKinds {
		t.Errorf("%d kinds of a flood, error %v", len(got.Kinds), err)
	}
}

func TestReleaseOfBombs(t *testing.T) {
	for name, o := range map[string]*manifest.Object{
		"no base64":         secretWith("%"),
		"no gzip":           secretWith(base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte("text"))))),
		"no data":           secretWith(""),
		"data of a number":  {Object: map[string]any{"data": map[string]any{"release": int64(7)}}},
		"a bomb":            helmRelease(t, strings.Repeat("a", maxRelease+1)),
		"something of more": secretWith(strings.Repeat("A", 6<<20)),
	} {
		if got, err := releaseOf(o); err == nil {
			t.Errorf("%s: %v is a release", name, got)
		}
	}
}
