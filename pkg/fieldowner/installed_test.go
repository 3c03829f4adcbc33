package fieldowner

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const managedByHelm = `managedFields: [{manager: helm, operation: Update, fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:volumes": {"k:{\"name\":\"theirs\"}": {".": {}, "f:name": {}, "f:emptyDir": {}}}, "f:hostPID": {}}}}}}]`

// Taking an object over takes away what its installer made of it, by the server's account of managed fields, by kubectl's record, or,
// without both, all of it. What others have set since stays where it is known.
func TestTakingOver(t *testing.T) {
	const wanted = "{containers: [{name: c, image: new, ports: [{containerPort: 53, protocol: UDP}]}], volumes: [{name: ours, emptyDir: {}}], tolerations: [{key: a}]}"
	const live = "{hostPID: true, containers: [{name: c, image: old, args: [x], ports: [{containerPort: 53, protocol: TCP}]}, {name: injected}], volumes: [{name: theirs, emptyDir: {}}, {name: injected, emptyDir: {}}], tolerations: [{key: b}]}"
	const record = "{hostPID: true, containers: [{name: c, image: old, args: [x], ports: [{containerPort: 53, protocol: TCP}]}], volumes: [{name: theirs, emptyDir: {}}], tolerations: [{key: b}]}"
	head := func(metadata string) string {
		return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x" + metadata + "}, spec: {template: {spec: "
	}
	applied, err := json.Marshal(object(t, head("")+record+"}}}").Object)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(string(applied))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ metadata, want string }{
		"by managed fields": {", " + managedByHelm,
			"{containers: [{name: c, image: new, args: [x], ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53, protocol: TCP}]}, {name: injected}], volumes: [{name: ours, emptyDir: {}}, {name: injected, emptyDir: {}}], tolerations: [{key: a}]}"},
		"by kubectl's record": {", annotations: {kubectl.kubernetes.io/last-applied-configuration: " + string(quoted) + "}",
			"{containers: [{name: c, image: new, ports: [{containerPort: 53, protocol: UDP}]}, {name: injected}], volumes: [{name: ours, emptyDir: {}}, {name: injected, emptyDir: {}}], tolerations: [{key: a}]}"},
		"without either": {", annotations: {meta.helm.sh/release-name: x, other: x}", wanted},
	} {
		o, w := object(t, head(test.metadata)+live+"}}}"), object(t, head("")+wanted+"}}}")
		base, err := InstalledRecord(w, o)
		if err != nil {
			t.Fatal(err)
		}
		merged, err := Merge(base, w, o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(asText(t, object(t, head("")+test.want+"}}}").Object["spec"]), asText(t, merged.Object["spec"])); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for key := range merged.GetAnnotations() {
			if key != "other" {
				t.Errorf("%s: the annotation %s is left", name, key)
			}
		}
	}
}

// A Service keeps its address, and what others fill in is not taken for an installer's.
func TestInstalledLeaves(t *testing.T) {
	for name, test := range map[string]struct{ head, fields, want string }{
		"an address":      {"v1, kind: Service", "spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], ipFamilies: [IPv4], ipFamilyPolicy: SingleStack, type: NodePort}", `{"apiVersion":"v1","kind":"Service","spec":{"type":"NodePort"}}`},
		"a ConfigMap":     {"v1, kind: ConfigMap", "data: {a: b}", `{"apiVersion":"v1","kind":"ConfigMap"}`},
		"secrets":         {"v1, kind: ServiceAccount", "secrets: [{name: token}]", `{"apiVersion":"v1","kind":"ServiceAccount"}`},
		"unknown kinds":   {"example.org/v1, kind: Pool", "spec: {a: b}", `{"apiVersion":"example.org/v1","kind":"Pool"}`},
		"no one's":        {"v1, kind: Service", `metadata: {name: x, managedFields: [{manager: some-controller, operation: Update, fieldsV1: {"f:spec": {"f:externalIPs": {}}}}]}, spec: {externalIPs: [192.0.2.1]}`, `{"apiVersion":"v1","kind":"Service"}`},
		"of the selector": {"v1, kind: Service", `metadata: {name: x, managedFields: [{manager: tool, operation: Update, fieldsV1: {"f:spec": {"f:selector": {}, "f:type": {}}}}]}, spec: {selector: {a: b}, type: NodePort}`, `{"apiVersion":"v1","kind":"Service","spec":{"selector":{"a":"b"},"type":"NodePort"}}`},
	} {
		if !strings.Contains(test.fields, "metadata: ") {
			test.fields += ", metadata: {name: x}"
		}
		o := object(t, "{apiVersion: "+test.head+", "+test.fields+"}")
		record, err := InstalledRecord(object(t, "{apiVersion: "+test.head+", metadata: {name: x}}"), o)
		if err != nil || asText(t, jsonOf(t, record)) != asText(t, jsonOf(t, []byte(test.want))) {
			t.Errorf("%s: %s, error %v", name, record, err)
		}
	}
}

func jsonOf(t *testing.T, text []byte) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
