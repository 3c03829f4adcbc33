package diff_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/diff"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
)

const (
	configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  namespace: demo\n"
	role      = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n"
	secret    = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: demo}\n"
)

func TestObject(t *testing.T) {
	for name, test := range map[string]struct{ before, after, want string }{
		"nothing": {"", "", ""},
		"same":    {configMap + "data: {a: b}", configMap + "data: {a: b}", ""},
		"changed": {configMap + "data: {a: b, c: d}", configMap + "data: {a: x, c: d}", `--- live/ConfigMap demo/c
+++ bundle/ConfigMap demo/c
@@ -1,6 +1,6 @@
 apiVersion: v1
 data:
-  a: b
+  a: x
   c: d
 kind: ConfigMap
 metadata:
`},
		"created": {"", role, `--- live/ClusterRole r
+++ bundle/ClusterRole r
@@ -0,0 +1,4 @@
+apiVersion: rbac.authorization.k8s.io/v1
+kind: ClusterRole
+metadata:
+  name: r
`},
		"deleted": {role, "", `--- live/ClusterRole r
+++ bundle/ClusterRole r
@@ -1,4 +0,0 @@
-apiVersion: rbac.authorization.k8s.io/v1
-kind: ClusterRole
-metadata:
-  name: r
`},
		"what the server keeps": {`apiVersion: v1
kind: ConfigMap
metadata:
  name: c
  namespace: demo
  annotations: {fitout.dev/last-applied: x, kubectl.kubernetes.io/last-applied-configuration: x}
  managedFields: [{manager: x}]
  resourceVersion: "1"
  uid: x
  generation: 1
  creationTimestamp: "2026-01-01T00:00:00Z"
  selfLink: /x
status: {a: b}
`, configMap, ""},
		"no record, but another annotation": {configMap + "  annotations: {a: b, fitout.dev/last-applied: x}", configMap + "  annotations: {a: c}", `--- live/ConfigMap demo/c
+++ bundle/ConfigMap demo/c
@@ -2,6 +2,6 @@
 kind: ConfigMap
 metadata:
   annotations:
-    a: b
+    a: c
   name: c
   namespace: demo
`},
		"lines of a text": {configMap + "data: {a: \"1\\n2\\n3\\n\"}", configMap + "data: {a: \"1\\n2\\n4\\n\"}", `--- live/ConfigMap demo/c
+++ bundle/ConfigMap demo/c
@@ -3,7 +3,7 @@
   a: |
     1
     2
-    3
+    4
 kind: ConfigMap
 metadata:
   name: c
`},
		"Secret": {secret + "data: {same: YQ==, changed: YQ==, gone: YQ==}", secret + "data: {same: YQ==, changed: Yg==, fresh: YQ==}", `--- live/Secret demo/s
+++ bundle/Secret demo/s
@@ -1,7 +1,7 @@
 apiVersion: v1
 data:
-  changed: (hidden, as it is)
-  gone: (hidden)
+  changed: (hidden, changed)
+  fresh: (hidden)
   same: (hidden)
 kind: Secret
 metadata:
`},
		"Secret in plain text":       {secret + "data: {a: YQ==}", secret + "stringData: {a: a}", ""},
		"Secret otherwise encoded":   {secret + "data: {a: YQ==}", secret + "data: {a: \"YQ\\n==\"}", ""},
		"plain text wins":            {secret + "data: {a: YQ==}", secret + "data: {a: Yg==}\nstringData: {a: a}", ""},
		"annotations that are texts": {configMap + "  annotations: text", configMap + "  annotations: {}", "--- live/ConfigMap demo/c\n+++ bundle/ConfigMap demo/c\n@@ -1,6 +1,5 @@\n apiVersion: v1\n kind: ConfigMap\n metadata:\n-  annotations: text\n   name: c\n   namespace: demo\n"},
	} {
		t.Run(name, func(t *testing.T) {
			after, before := parse(t, test.after), parse(t, test.before)
			afterCopy, beforeCopy := after.DeepCopy(), before.DeepCopy()
			if d := cmp.Diff(test.want, diff.Object(after, before, nil)); d != "" {
				t.Error(d)
			}
			if !cmp.Equal(after, afterCopy) || !cmp.Equal(before, beforeCopy) {
				t.Error("the objects themselves were changed")
			}
		})
	}
}

// No value of a Secret is shown, in no encoding, nor its length or digest, wherever in the Secret it stands; that it
// changes is.
func TestSecretsAreHidden(t *testing.T) {
	values := []string{"hunter2-former", "hunter2-latter", "\x00\xff\xfebinary", "-----BEGIN KEY-----\nline one\nline two\n", strings.Repeat("long", 123), `{"auths":{}}`}
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	record := func(s string) string {
		return fmt.Sprintf("{kubectl.kubernetes.io/last-applied-configuration: %q, fitout.dev/last-applied: %q, tool.example/original: %q}", `{"kind":"Secret","data":{"a":"`+encode(s)+`"}}`, encode(s), s)
	}
	object := func(i int, s string) string {
		head := "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: demo, annotations: " + record(s) + "}\n"
		return head + []string{
			fmt.Sprintf("data: {a: %q}\n", encode(s)),
			fmt.Sprintf("stringData: {a: %q}\n", s),
			fmt.Sprintf("data: %q\n", s),
			fmt.Sprintf("data: [%q]\nstringData: %q\n", s, s),
			fmt.Sprintf("extra: {a: %q}\ndata: null\n", s),
			fmt.Sprintf("data: {a: [%q], b: {c: %q}}\nstringData: [%q]\n", s, s, s),
		}[i]
	}
	for i := range 6 {
		for j := range 6 {
			for k, before := range values {
				after := values[(k+1)%len(values)]
				for _, shown := range []string{
					diff.Object(parse(t, object(i, after)), parse(t, object(j, before)), nil),
					diff.Object(parse(t, object(i, after)), nil, nil), diff.Object(nil, parse(t, object(i, before)), nil),
				} {
					if shown == "" {
						t.Errorf("forms %d, %d: a change is not shown", i, j)
					}
					for _, value := range values {
						refuse(t, shown, value)
					}
				}
			}
		}
	}
}

// refuse finds traces of a value in what is shown.
func refuse(t *testing.T, shown, value string) {
	t.Helper()
	digest := sha256.Sum256([]byte(value))
	traces := []string{value, base64.StdEncoding.EncodeToString([]byte(value)), hex.EncodeToString(digest[:]), hex.EncodeToString(digest[:4]), fmt.Sprintf("%q", value)}
	traces = append(traces, strings.Split(strings.TrimSpace(value), "\n")...)
	for _, trace := range traces {
		if strings.Contains(shown, trace) {
			t.Errorf("%q is in\n%s", trace, shown)
		}
	}
	if n := fmt.Sprint(len(value)); len(n) > 1 && strings.Contains(shown[strings.Index(shown, "@@\n"):], n) {
		t.Errorf("the length %s is in\n%s", n, shown)
	}
}

func parse(t *testing.T, text string) *manifest.Object {
	t.Helper()
	if text == "" {
		return nil
	}
	objects, err := manifest.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects[0]
}
