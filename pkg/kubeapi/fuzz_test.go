package kubeapi_test

import (
	"io"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// No input makes Check panic, and every fault it finds names its object on one line.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [null, {name: 1, ports: [{containerPort: 1e9}]}]}",
		"apiVersion: apps/v1\nkind: Deployment\nspec: {selector: {matchLabels: {a: null}}, template: null}",
		"apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: -1, targetPort: ''}], clusterIP: '::'}",
		"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: '1-/0 ,,, * * *', jobTemplate: {}}",
		"apiVersion: v1\nkind: Secret\nmetadata: []\ndata: {a: [1, 2]}",
		"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {rules: [{http: {paths: [{}]}}]}",
		"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.b}\nspec: {group: b, names: {kind: A, plural: a}, scope: x, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-validations: [{rule: self}]}}}]}\n---\napiVersion: b/v1\nkind: A\nmetadata: {name: 1}",
		"apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {metrics: [{type: Pods, object: null}], behavior: {scaleUp: {policies: [{}]}}}",
	} {
		f.Add([]byte(seed))
	}
	for i, c := range verdictCases(f) {
		if i%10 == 0 && len(c.text) <= 4096 { // a tenth of the cases of testdata, of all kinds
			f.Add(c.text)
		}
	}
	apis := []*kubeapi.Snapshot{load(f, "1.18"), load(f, "1.36")}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4096 {
			return
		}
		for _, api := range apis {
			for _, fault := range faultsOf(api, text) {
				if fault == "" || strings.Contains(fault, "\n") {
					t.Errorf("%q: the fault %q is not one line", text, fault)
				}
			}
		}
	})
}

// Whatever a server says of its API, reading it ends without a panic, and what is read can be written and checked with.
func FuzzFromOpenAPI(f *testing.F) {
	post := func(definitions string) string {
		return `{"paths": {"/api/v1/namespaces/{namespace}/a": {"post": {"x-kubernetes-action": "post", "x-kubernetes-group-version-kind": {"group": "", "version": "v1", "kind": "A"},
"parameters": [{"in": "body", "schema": {"$ref": "#/definitions/A"}}]}}}, "definitions": {"A": ` + definitions + `}}`
	}
	for _, seed := range []string{
		"", "null", "{}", post("{}"), post(`{"properties": {"a": {"$ref": "#/definitions/A"}, "b": {"type": "array", "items": {"type": "string"}}}, "required": ["b"]}`),
		post(`{"properties": {"a": {"type": "array"}}}`), post(`{"properties": {"a": {"$ref": "#/definitions/B"}}}, "B": {"type": "array", "items": {"$ref": "#/definitions/B"}}`),
		post(`{"properties": {"a": {"$ref": "#/definitions/JSONSchemaPropsOrBool"}, "b": {"$ref": "#/definitions/x.Quantity"}, "c": {"$ref": "#/definitions/"}}}`),
		post(`{"properties": {"a": {"type": "object", "additionalProperties": {"type": "integer", "format": "int32"}}, "b": {"type": "[]"}, "c": {"type": "#"}}}`),
		post(`{"properties": {"a": {"type": "array", "items": {"type": "[]"}}, "b": {"type": "#"}}}`),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > 4096 {
			return
		}
		s, err := kubeapi.FromOpenAPI("v1.36.4", body)
		if err != nil {
			return
		}
		if err := s.Write(io.Discard); err != nil {
			t.Errorf("%q cannot be written: %v", body, err)
		}
		for _, k := range s.Kinds {
			o := &manifest.Object{Object: map[string]any{"kind": k.Kind, "apiVersion": strings.TrimPrefix(k.Group+"/"+k.Version, "/"), "a": []any{map[string]any{"a": "b"}}, "b": "c"}}
			s.Findings([]*manifest.Object{o})
		}
	})
}
