package objectdiff_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"github.com/google/go-cmp/cmp"
)

const (
	deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, "
	configMap  = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, "
	pool       = "{apiVersion: net.example/v1, kind: Pool, metadata: {name: x}, "
)

// What a rendered object and the live one differ in. Head is the beginning of both.
func TestDifferences(t *testing.T) {
	long := strings.Repeat("0123456789", 8)
	for name, test := range map[string]struct {
		head, rendered, live string
		want                 []string
	}{
		"alike":                        {deployment, `spec: {replicas: 2}`, `spec: {replicas: 2}`, nil},
		"scalar changed":               {deployment, `spec: {replicas: 2}`, `spec: {replicas: 3}`, []string{"spec.replicas is 3, not 2"}},
		"boolean changed":              {deployment, `spec: {paused: false}`, `spec: {paused: true}`, []string{"spec.paused is true, not false"}},
		"field removed":                {deployment, `spec: {replicas: 2}`, `spec: {}`, []string{"spec.replicas is gone, not 2"}},
		"map removed":                  {deployment, `spec: {a: {b: c}}`, `spec: {}`, []string{`spec.a is gone, not {"b":"c"}`}},
		"list removed":                 {deployment, `spec: {a: [b]}`, `spec: {}`, []string{`spec.a is gone, not ["b"]`}},
		"map is a scalar":              {deployment, `spec: {a: {b: c}}`, `spec: {a: c}`, []string{`spec.a is c, not {"b":"c"}`}},
		"empty map is a list":          {deployment, `spec: {a: {}}`, `spec: {a: [b]}`, []string{`spec.a is ["b"], not {}`}},
		"list is a map":                {deployment, `spec: {a: [b]}`, `spec: {a: {b: c}}`, []string{`spec.a is {"b":"c"}, not ["b"]`}},
		"scalar is a map":              {deployment, `spec: {a: b}`, `spec: {a: {b: c}}`, []string{`spec.a is {"b":"c"}, not b`}},
		"element added":                {deployment, `spec: {a: [{b: c}]}`, `spec: {a: [{b: c}, {b: d}]}`, []string{"spec.a has 2 elements, not 1"}},
		"element taken":                {deployment, `spec: {a: [b]}`, `spec: {a: []}`, []string{"spec.a has 0 elements, not 1"}},
		"element added to none":        {deployment, `spec: {a: []}`, `spec: {a: [b]}`, []string{"spec.a has 1 elements, not 0"}},
		"element changed":              {deployment, `spec: {a: [{b: c}, {b: d}]}`, `spec: {a: [{b: c}, {b: e}]}`, []string{"spec.a[1].b is e, not d"}},
		"all fields, in order":         {deployment, `spec: {b: 1, a: 1}`, `spec: {b: 2, a: 2}`, []string{"spec.a is 2, not 1", "spec.b is 2, not 1"}},
		"defaults of the server":       {deployment, `spec: {a: [{b: c}]}`, `spec: {revisionHistoryLimit: 10, a: [{b: c, d: e}]}`, nil},
		"a status is the controllers'": {deployment, `status: {conditions: [], replicas: 1}`, `status: {conditions: [{type: Available}], replicas: 2}`, nil},

		"numbers of either type":    {deployment, `spec: {a: 1, b: 1.5}`, `spec: {a: 1.0, b: 1.5}`, nil},
		"large integers":            {deployment, `spec: {a: 9007199254740993}`, `spec: {a: 9007199254740992}`, []string{"spec.a is 9007199254740992, not 9007199254740993"}},
		"a number is no text":       {deployment, `spec: {a: 1}`, `spec: {a: "1"}`, []string{`spec.a is "1", not 1`}},
		"blanks":                    {configMap, `data: {a: a b}`, `data: {a: "a  b"}`, []string{`data.a is "a  b", not "a b"`}},
		"quantities":                {deployment, `spec: {resources: {requests: {cpu: 1000m, memory: 1024Mi}, limits: {cpu: 1}}}`, `spec: {resources: {requests: {cpu: "1", memory: 1Gi}, limits: {cpu: "1"}}}`, nil},
		"quantity changed":          {deployment, `spec: {resources: {limits: {cpu: 100m}}}`, `spec: {resources: {limits: {cpu: 200m}}}`, []string{"spec.resources.limits.cpu is 200m, not 100m"}},
		"quantity removed":          {deployment, `spec: {resources: {limits: {cpu: 100m, memory: 1Gi}}}`, `spec: {resources: {limits: {memory: 1Gi}}}`, []string{"spec.resources.limits.cpu is gone, not 100m"}},
		"quantity is none":          {deployment, `spec: {resources: {limits: {cpu: 100m}}}`, `spec: {resources: {limits: {cpu: much}}}`, []string{"spec.resources.limits.cpu is much, not 100m"}},
		"size of a volume":          {deployment, `spec: {emptyDir: {sizeLimit: 1024Mi}}`, `spec: {emptyDir: {sizeLimit: 1Gi}}`, nil},
		"divisor":                   {deployment, `spec: {resourceFieldRef: {divisor: 1}}`, `spec: {resourceFieldRef: {divisor: "1"}}`, nil},
		"a quantity elsewhere":      {configMap, `data: {limits: 1000m}`, `data: {limits: "1"}`, []string{"data.limits is 1, not 1000m"}},
		"null asks for nothing":     {deployment, `spec: {strategy: null, a: null}`, `spec: {strategy: {type: Recreate}}`, nil},
		"empty fields are dropped":  {deployment, `spec: {a: {}, b: [], c: "", d: false, e: 0, f: 0.0}`, `spec: {}`, nil},
		"but not where they differ": {deployment, `spec: {c: "", d: false, e: 0}`, `spec: {c: x, d: true, e: 1}`, []string{"spec.c is x, not \"\"", "spec.d is true, not false", "spec.e is 1, not 0"}},
		"a lost no":                 {deployment, `spec: {automountServiceAccountToken: false, securityContext: {runAsUser: 0}}`, `spec: {securityContext: {}}`, []string{"spec.automountServiceAccountToken is gone, not false", "spec.securityContext.runAsUser is gone, not 0"}},
		"a lost kind of volume":     {deployment, `spec: {volumes: [{name: x, emptyDir: {}}]}`, `spec: {volumes: [{name: x, hostPath: {path: /}}]}`, []string{"spec.volumes[0].emptyDir is gone, not {}"}},

		"label removed":       {configMap, `data: {a: b, empty: ""}`, `data: {a: b}`, []string{"data.empty is gone, not \"\""}},
		"empty map of texts":  {configMap, `data: {}`, ``, nil},
		"custom resource":     {pool, `spec: {a: {}, b: [], c: "", d: false, e: 0}`, `spec: {}`, []string{"spec.a is gone, not {}", "spec.b is gone, not []", "spec.c is gone, not \"\"", "spec.d is gone, not false", "spec.e is gone, not 0"}},
		"custom quantity":     {pool, `spec: {resources: {limits: {cpu: 1000m}}}`, `spec: {resources: {limits: {cpu: 1000m}}}`, nil},
		"line of a text":      {configMap, `data: {a: "1\n2\n3\n"}`, `data: {a: "1\n2 \n3\n"}`, []string{`data.a line 2 is "2 ", not "2"`}},
		"line too many":       {configMap, `data: {a: "1\n"}`, `data: {a: "1\n2"}`, []string{`data.a line 2 is "2", not ""`}},
		"line too few":        {configMap, `data: {a: "1\n2\n3"}`, `data: {a: "1\n2"}`, []string{`data.a line 3 is "", not "3"`}},
		"end of a long text":  {configMap, `data: {a: "` + long + `a"}`, `data: {a: "` + long + `b"}`, []string{"data.a is …01234567890123456789b, not …01234567890123456789a"}},
		"begin of a long one": {configMap, `data: {a: "` + long + `"}`, `data: {a: "_` + long + `"}`, []string{"data.a is _" + long[:59] + "…, not " + long[:60] + "…"}},
		"text is not broken":  {configMap, `data: {a: "` + strings.Repeat("é", 40) + `a"}`, `data: {a: "` + strings.Repeat("é", 40) + `b"}`, []string{"data.a is …éééééééééé" + "b, not …éééééééééé" + "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			var objects []*manifest.Object
			for _, text := range []string{test.head + test.rendered + "}", test.head + test.live + "}"} {
				parsed, err := manifest.Parse("object", []byte(text))
				if err != nil {
					t.Fatal(err)
				}
				objects = append(objects, parsed...)
			}
			var got []string
			for _, d := range objectdiff.Differences(objects[0], objects[1]) {
				got = append(got, d.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The metadata of a custom resource is the API server's own type, like everything of a built-in one. A whole number is
// the same whichever type it was decoded to.
func TestDifferencesMetadata(t *testing.T) {
	rendered := &manifest.Object{Object: map[string]any{"apiVersion": "net.example/v1", "kind": "Pool",
		"metadata": map[string]any{"name": "x", "annotations": map[string]any{}, "labels": map[string]any{"a": "", "b": "c"}}, "spec": map[string]any{"n": int64(1), "m": int64(1)}}}
	live := &manifest.Object{Object: map[string]any{"apiVersion": "net.example/v1", "kind": "Pool",
		"metadata": map[string]any{"name": "x", "uid": "1", "labels": map[string]any{}}, "spec": map[string]any{"n": float64(1), "m": 1.5}}}
	var got []string
	for _, d := range objectdiff.Differences(rendered, live) {
		got = append(got, d.String())
	}
	want := []string{"metadata.labels.a is gone, not \"\"", "metadata.labels.b is gone, not c", "spec.m is 1.5, not 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
