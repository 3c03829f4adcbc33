package manifest_test

import (
	"bytes"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/google/go-cmp/cmp"
)

// What is written has nothing that a terminal obeys or that hides text, and is the same object when it is read.
func TestWriteIsPrintable(t *testing.T) {
	text := "a\u202eb\u2028c\u009bd\x1b[2J\x7f\ufeff\U000e0041\r\nline\n<&>"
	object := &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "c"},
		"data": map[string]any{"text": text, "key\u2066": "x", "plain": "two\nlines\n"}}}
	var out bytes.Buffer
	if err := manifest.Write(&out, []*manifest.Object{object, object}); err != nil {
		t.Fatal(err)
	}
	if printable.Text(out.String()) != out.String() {
		t.Errorf("written: %q", out.String())
	}
	back, err := manifest.Parse("written", out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]*manifest.Object{object, object}, back); diff != "" {
		t.Error(diff)
	}
}
