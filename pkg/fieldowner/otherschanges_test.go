package fieldowner

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	deploymentHead = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, "
	serviceHead    = "{apiVersion: v1, kind: Service, metadata: {name: x}, "
	poolHead       = "{apiVersion: net.example/v1, kind: Pool, metadata: {name: x}, "
)

// Template begins a Deployment down to its pods' spec, which it leaves open by six braces.
const podHead = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {template: {spec: "

func TestThreeWayConflicts(t *testing.T) {
	for name, test := range map[string]struct {
		head, last, wanted, live string
		want                     []string
	}{
		"nothing changed":             {deploymentHead, `spec: {replicas: 2}}`, `spec: {replicas: 2}}`, `spec: {replicas: 2}}`, nil},
		"only we change it":           {deploymentHead, `spec: {replicas: 2}}`, `spec: {replicas: 3}}`, `spec: {replicas: 2}}`, nil},
		"they changed it":             {deploymentHead, `spec: {replicas: 2}}`, `spec: {replicas: 2}}`, `spec: {replicas: 5}}`, []string{"spec.replicas is 5, set by somebody else; Fitout sets 2"}},
		"both changed it":             {deploymentHead, `spec: {replicas: 2}}`, `spec: {replicas: 3}}`, `spec: {replicas: 5}}`, []string{"spec.replicas is 5, set by somebody else; Fitout sets 3"}},
		"both to the same":            {deploymentHead, `spec: {replicas: 2}}`, `spec: {replicas: 5}}`, `spec: {replicas: 5}}`, nil},
		"they took it away":           {deploymentHead, `spec: {replicas: 2}}`, `spec: {replicas: 2}}`, `spec: {}}`, nil},
		"we want it no longer":        {deploymentHead, `spec: {replicas: 2}}`, `spec: {}}`, `spec: {replicas: 5}}`, nil},
		"we want it for the first":    {deploymentHead, `spec: {}}`, `spec: {replicas: 2}}`, `spec: {replicas: 5}}`, nil},
		"null is no wish":             {deploymentHead, `spec: {replicas: 2}}`, `spec: {replicas: null}}`, `spec: {replicas: 5}}`, nil},
		"a quantity":                  {podHead, `{containers: [{name: a, resources: {limits: {cpu: 1000m, memory: 1Gi}}}]}}}}`, `{containers: [{name: a, resources: {limits: {cpu: 1000m, memory: 1Gi}}}]}}}}`, `{containers: [{name: a, resources: {limits: {cpu: "1", memory: 1024Mi}}}]}}}}`, nil},
		"a quantity changed":          {podHead, `{containers: [{name: a, resources: {limits: {cpu: 1}}}]}}}}`, `{containers: [{name: a, resources: {limits: {cpu: 1}}}]}}}}`, `{containers: [{name: a, resources: {limits: {cpu: "2"}}}]}}}}`, []string{`spec.template.spec.containers[name="a"].resources.limits.cpu is 2, set by somebody else; Fitout sets 1`}},
		"a default":                   {podHead, `{containers: [{name: a}], hostNetwork: false}}}}`, `{containers: [{name: a}], hostNetwork: false}}}}`, `{containers: [{name: a, imagePullPolicy: Always}], dnsPolicy: ClusterFirst}}}}`, nil},
		"their container":             {podHead, `{containers: [{name: a, image: a1}]}}}}`, `{containers: [{name: a, image: a1}]}}}}`, `{containers: [{name: mesh, image: m}, {name: a, image: a1}]}}}}`, nil},
		"our image beside theirs":     {podHead, `{containers: [{name: a, image: a1}]}}}}`, `{containers: [{name: a, image: a2}]}}}}`, `{containers: [{name: mesh, image: m}, {name: a, image: mine}]}}}}`, []string{`spec.template.spec.containers[name="a"].image is mine, set by somebody else; Fitout sets a2`}},
		"a port of two":               {podHead, `{containers: [{name: a, ports: [{containerPort: 53, protocol: UDP, name: u}, {containerPort: 53, name: t}]}]}}}}`, `{containers: [{name: a, ports: [{containerPort: 53, protocol: UDP, name: u}, {containerPort: 53, name: t}]}]}}}}`, `{containers: [{name: a, ports: [{containerPort: 53, protocol: UDP, name: u}, {containerPort: 53, protocol: TCP, name: v}]}]}}}}`, []string{`spec.template.spec.containers[name="a"].ports[containerPort=53,protocol="TCP"].name is v, set by somebody else; Fitout sets t`}},
		"a port of a Service":         {serviceHead, `spec: {ports: [{port: 53, targetPort: 53}]}}`, `spec: {ports: [{port: 53, targetPort: 53}]}}`, `spec: {ports: [{port: 53, protocol: TCP, targetPort: 54}]}}`, []string{`spec.ports[port=53,protocol="TCP"].targetPort is 54, set by somebody else; Fitout sets 53`}},
		"arguments are one":           {podHead, `{containers: [{name: a, args: [x]}]}}}}`, `{containers: [{name: a, args: [x]}]}}}}`, `{containers: [{name: a, args: [x, w]}]}}}}`, []string{`spec.template.spec.containers[name="a"].args is ["x","w"], set by somebody else; Fitout sets ["x"]`}},
		"a finalizer more":            {"{apiVersion: v1, kind: ConfigMap, ", `metadata: {name: x, finalizers: [a/b]}}`, `metadata: {name: x, finalizers: [a/b]}}`, `metadata: {name: x, finalizers: [c/d]}}`, nil},
		"labels and annotations":      {"{apiVersion: v1, kind: ConfigMap, ", `metadata: {name: x, labels: {a: "1"}, annotations: {b.c/d: "1"}}}`, `metadata: {name: x, labels: {a: "1"}, annotations: {b.c/d: "1"}}}`, `metadata: {name: x, labels: {a: "2", z: "1"}, annotations: {b.c/d: "2"}}}`, []string{"metadata.annotations.b.c/d is 2, set by somebody else; Fitout sets 1", "metadata.labels.a is 2, set by somebody else; Fitout sets 1"}},
		"list of a custom resource":   {poolHead, `spec: {l: [{name: a, v: 1}]}}`, `spec: {l: [{name: a, v: 1}]}}`, `spec: {l: [{name: a, v: 2}]}}`, []string{`spec.l is [{"name":"a","v":2}], set by somebody else; Fitout sets [{"name":"a","v":1}]`}},
		"another type":                {poolHead, `spec: {a: {b: 1}}}`, `spec: {a: {b: 1}}}`, `spec: {a: c}}`, []string{`spec.a is c, set by somebody else; Fitout sets {"b":1}`}},
		"odd elements":                {podHead, `{containers: [a, {image: b}]}}}}`, `{containers: [a, {image: b}]}}}}`, `{containers: [c, {image: d}]}}}}`, nil},
		"a Secret says nothing":       {"{apiVersion: v1, kind: Secret, metadata: {name: x}, ", `data: {a: b3Vycw==}}`, `data: {a: b3Vycw==}}`, `data: {a: dGhlaXJz}}`, []string{"data.a is set by somebody else to another value than Fitout sets (both hidden)"}},
		"status is the controllers'":  {deploymentHead, `status: {replicas: 1}}`, `status: {replicas: 1}}`, `status: {replicas: 2}}`, nil},
		"a large number is not equal": {deploymentHead, `spec: {replicas: 9007199254740993}}`, `spec: {replicas: 9007199254740993}}`, `spec: {replicas: 9007199254740992}}`, []string{"spec.replicas is 9007199254740992, set by somebody else; Fitout sets 9007199254740993"}},
	} {
		t.Run(name, func(t *testing.T) {
			last, err := object(t, test.head+test.last).MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			conflicts := SinceLastApplied(last, object(t, test.head+test.wanted), object(t, test.head+test.live))
			var got []string
			for _, c := range conflicts {
				got = append(got, strings.TrimPrefix(c.String(), c.ID.String()+": "))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			left, err := Without(object(t, test.head+test.wanted), conflicts)
			if err != nil {
				t.Fatalf("not every field can be left: %v", err)
			}
			if again := SinceLastApplied(last, left, object(t, test.head+test.live)); again != nil {
				t.Errorf("without them there are still %v", again)
			}
		})
	}
}

func TestThreeWayConflictsWithoutRecord(t *testing.T) {
	wanted, live := object(t, deploymentHead+"spec: {replicas: 2}}"), object(t, deploymentHead+"spec: {replicas: 3}}")
	for _, record := range [][]byte{nil, {}, []byte("{"), []byte("[]"), []byte("null")} {
		if got := SinceLastApplied(record, wanted, live); got != nil {
			t.Errorf("%q: %v", record, got)
		}
	}
	if got := SinceLastApplied([]byte(`{"spec":{"replicas":2}}`), wanted, nil); got != nil {
		t.Errorf("nothing is live: %v", got)
	}
}

// Who set a field is told from what the server keeps of managers.
func TestLastManager(t *testing.T) {
	const entry = "{apiVersion: apps/v1, fieldsType: FieldsV1, operation: Update, "
	for name, test := range map[string]struct{ entries, want string }{
		"nobody":               {"[]", "somebody else"},
		"owner":                {"[" + entry + `manager: joe, fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"a"}': {".": {}, "f:image": {}}}}}}}}]`, "joe"},
		"another element":      {"[" + entry + `manager: joe, fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"b"}': {".": {}, "f:image": {}}}}}}}}]`, "somebody else"},
		"another field":        {"[" + entry + `manager: joe, fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"a"}': {".": {}, "f:args": {}}}}}}}}]`, "somebody else"},
		"owner of the whole":   {"[" + entry + `manager: joe, fieldsV1: {"f:spec": {"f:template": {}}}}]`, "joe"},
		"owner of nothing":     {"[" + entry + `manager: joe, fieldsV1: {}}]`, "somebody else"},
		"ourselves":            {"[" + entry + `manager: fitout, fieldsV1: {"f:spec": {}}}]`, "somebody else"},
		"the one who was last": {"[" + entry + `manager: joe, time: "2026-01-02T00:00:00Z", fieldsV1: {"f:spec": {}}}, ` + entry + `manager: jim, time: "2026-01-01T00:00:00Z", fieldsV1: {"f:spec": {}}}]`, "joe"},
		"broken":               {`[7, {manager: 7}, {manager: joe}, {manager: joe, fieldsV1: []}, {manager: joe, fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{": {}, "k:{}": {}, "k:[]": {}}}}}}}]`, "somebody else"},
		"no list":              {"7", "somebody else"},
	} {
		t.Run(name, func(t *testing.T) {
			live := object(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x, managedFields: "+test.entries+"}, spec: {template: {spec: {containers: [{name: z}, {name: a, image: i}]}}}}")
			steps, found := resolve(`.spec.template.spec.containers[name="a"].image`, live.Object)
			if !found {
				t.Fatal("the field is not there")
			}
			if got := lastManager(live, steps); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}
