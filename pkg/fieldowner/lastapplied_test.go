package fieldowner

import (
	"encoding/base64"
	"runtime"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// compressed is text in the form of Fitout's own record.
func compressed(t testing.TB, text string) string {
	t.Helper()
	out, err := compress([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func annotated(key, value string) *manifest.Object {
	o := &manifest.Object{Object: map[string]any{}}
	o.SetAnnotations(map[string]string{key: value})
	return o
}

func TestDecodeApplied(t *testing.T) {
	want := object(t, app)
	record, err := EncodeApplied(want)
	if err != nil {
		t.Fatal(err)
	}
	text, err := DecodeApplied(annotated(LastApplied, record))
	if err != nil {
		t.Fatal(err)
	}
	got := &manifest.Object{}
	if err := got.UnmarshalJSON(text); err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v, error %v", got, err)
	}
	if text, err := DecodeApplied(want); text != nil || err != nil {
		t.Errorf("without a record: %s, error %v", text, err)
	}
}

// hostile are records that somebody else can have written, and why each is refused.
var hostile = map[string]struct{ text, want string }{
	"nothing":              {"", "not a JSON object"},
	"a list":               {"[{}]", "not a JSON object"},
	"null":                 {"null", "not a JSON object"},
	"half an object":       {`{"a":`, "not a JSON object"},
	"two objects":          {`{}{}`, "not a JSON object"},
	"too many bytes":       {`{"a":"` + strings.Repeat("a", 2<<20) + `"}`, "more than 2097152"},
	"too many objects":     {`{"a":[` + strings.Repeat("{},", 300_000) + "{}]}", "more than 200000 values"},
	"lists within lists":   {`{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}", "nests deeper than 200"},
	"objects within one":   {strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000), "nests deeper than 200"},
	"quotes hide brackets": {`{"a\"":"\\",` + `"b":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}", "nests deeper than 200"},
}

func TestDecodeAppliedRefuses(t *testing.T) {
	for name, test := range hostile {
		text, err := DecodeApplied(annotated(LastApplied, compressed(t, test.text)))
		if err == nil || test.text != "" && !strings.Contains(err.Error(), test.want) && !strings.Contains(err.Error(), "expands to more") {
			t.Errorf("%s: %d bytes, error %v", name, len(text), err)
		}
		if KubectlApplied(annotated(corev1.LastAppliedConfigAnnotation, test.text)) != nil {
			t.Errorf("%s: it is taken from kubectl", name)
		}
	}
	for name, record := range map[string]string{
		"no base64":             "%",
		"no gzip":               base64.StdEncoding.EncodeToString([]byte("{}")),
		"more after its end":    base64.StdEncoding.EncodeToString([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xab\xae\x05\x00C\xbf\xa6\xa3\x02\x00\x00\x00more")),
		"a gigabyte from 1 MiB": compressed(t, strings.Repeat(" ", 64<<20)),
	} {
		if text, err := DecodeApplied(annotated(LastApplied, record)); err == nil {
			t.Errorf("%s: %q is taken", name, text)
		}
	}
}

// A bracket in a text nests nothing.
func TestKubectlApplied(t *testing.T) {
	text := ` {"a":"` + strings.Repeat("[", 300) + `\"{{"}`
	if got := KubectlApplied(annotated(corev1.LastAppliedConfigAnnotation, text)); string(got) != text {
		t.Errorf("%q", got)
	}
}

// What is refused takes little memory.
func TestDecodeAppliedIsBounded(t *testing.T) {
	o := annotated(LastApplied, compressed(t, `{"a":[`+strings.Repeat("{},", 15_000_000)+"{}]}"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := DecodeApplied(o)
	runtime.ReadMemStats(&after)
	if taken := (after.TotalAlloc - before.TotalAlloc) >> 20; err == nil || taken > 20 {
		t.Errorf("%d MiB, error %v", taken, err)
	}
}

// FuzzDecodeApplied: no annotation makes it panic, and a record that is taken can be merged with.
func FuzzDecodeApplied(f *testing.F) {
	record, err := EncodeApplied(&manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "x"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(record, `{"spec":{"replicas":2}}`)
	f.Add("", `{"metadata":{"annotations":{"a":null}},"spec":[[{}]]}`)
	f.Add(record[:20], "{")
	f.Fuzz(func(t *testing.T, record, plain string) {
		live := &manifest.Object{Object: map[string]any{}}
		live.SetAnnotations(map[string]string{LastApplied: record, corev1.LastAppliedConfigAnnotation: plain})
		wanted := object(t, app)
		own, err := DecodeApplied(live)
		if err != nil {
			own = nil
		}
		same, err := DecodeApplied(annotated(LastApplied, compressed(t, plain)))
		kubectl := KubectlApplied(live)
		if (err == nil) != (kubectl != nil) {
			t.Errorf("as Fitout's record %q, error %v, as kubectl's %q", same, err, kubectl)
		}
		for _, text := range [][]byte{own, kubectl} {
			SinceLastApplied(text, wanted, live)
			if _, err := Merge(text, wanted, live); err != nil {
				t.Error(err)
			}
		}
	})
}
