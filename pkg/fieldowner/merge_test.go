package fieldowner

import (
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
)

func TestMergeThreeWays(t *testing.T) {
	const ports = podHead + "{containers: [{name: a, ports: "
	const two = "[{containerPort: 53, protocol: UDP, name: u}, {containerPort: 53, protocol: TCP, name: t}]"
	for name, test := range map[string]struct {
		head                     string
		last, wanted, live, want string
	}{
		"nothing to do":              {deploymentHead, "spec: {replicas: 2}}", "spec: {replicas: 2}}", "spec: {replicas: 2, paused: true}}", "spec: {replicas: 2, paused: true}}"},
		"set":                        {deploymentHead, "spec: {replicas: 2}}", "spec: {replicas: 3}}", "spec: {replicas: 2}}", "spec: {replicas: 3}}"},
		"set what is not there":      {deploymentHead, "spec: {}}", "spec: {a: {b: 1}}}", "spec: {}}", "spec: {a: {b: 1}}}"},
		"no longer wanted":           {deploymentHead, "spec: {replicas: 2, paused: true}}", "spec: {replicas: 2}}", "spec: {replicas: 2, paused: true}}", "spec: {replicas: 2}}"},
		"null asks for it to go":     {deploymentHead, "spec: {replicas: 2}}", "spec: {replicas: null}}", "spec: {replicas: 2}}", "spec: {}}"},
		"null asks for nothing":      {deploymentHead, "spec: {}}", "spec: {replicas: null}}", "spec: {replicas: 2}}", "spec: {replicas: 2}}"},
		"never ours":                 {deploymentHead, "spec: {}}", "spec: {}}", "spec: {replicas: 2}}", "spec: {replicas: 2}}"},
		"all of our labels":          {"{apiVersion: v1, kind: ConfigMap, ", "metadata: {name: x, labels: {a: b}}, data: {a: b}}", "metadata: {name: x}}", "metadata: {name: x, labels: {a: b, c: d}}, data: {a: b, c: d}}", "metadata: {name: x, labels: {c: d}}, data: {c: d}}"},
		"the rest of what is ours":   {podHead, "{securityContext: {runAsUser: 1}}}}}", "{}}}}", "{securityContext: {runAsUser: 1, fsGroup: 2}}}}}", "{}}}}"},
		"a map that is another type": {deploymentHead, "spec: {a: 1}}", "spec: {a: {b: 1}}}", "spec: {a: 1}}", "spec: {a: {b: 1}}}"},
		"a list as a whole":          {podHead, "{tolerations: [{key: a}]}}}}", "{tolerations: [{key: b}]}}}}", "{tolerations: [{key: a}, {key: c}]}}}}", "{tolerations: [{key: b}]}}}}"},
		"a selector as a whole":      {serviceHead, "spec: {selector: {a: b}}}", "spec: {selector: {a: c}}}", "spec: {selector: {a: b, d: e}}}", "spec: {selector: {a: c}}}"},
		"a list of a custom one":     {poolHead, "spec: {l: [{name: a}]}}", "spec: {l: [{name: b}]}}", "spec: {l: [{name: a}, {name: c}]}}", "spec: {l: [{name: b}]}}"},
		"their elements stay where they are": {podHead, "{initContainers: [{name: a}, {name: b}]}}}}", "{initContainers: [{name: a, image: i}, {name: c}, {name: b}]}}}}",
			"{initContainers: [{name: first}, {name: a}, {name: between}, {name: b}, {name: last}]}}}}", "{initContainers: [{name: first}, {name: a, image: i}, {name: c}, {name: between}, {name: b}, {name: last}]}}}}"},
		"our elements in another order": {podHead, "{initContainers: [{name: a}, {name: b}]}}}}", "{initContainers: [{name: b}, {name: a}]}}}}", "{initContainers: [{name: a}, {name: b, image: i}]}}}}", "{initContainers: [{name: b, image: i}, {name: a}]}}}}"},
		"an element goes":               {podHead, "{containers: [{name: a}, {name: b}]}}}}", "{containers: [{name: a}]}}}}", "{containers: [{name: a}, {name: b}, {name: c}]}}}}", "{containers: [{name: a}, {name: c}]}}}}"},
		"all of our elements go":        {podHead, "{volumes: [{name: a}]}}}}", "{volumes: []}}}}", "{volumes: [{name: a}, {name: c}]}}}}", "{volumes: [{name: c}]}}}}"},
		"a volume of another source":    {podHead, "{volumes: []}}}}", "{volumes: [{name: a, emptyDir: {}}]}}}}", "{volumes: [{name: a, hostPath: {path: /}}]}}}}", "{volumes: [{name: a, emptyDir: {}}]}}}}"},
		"another strategy":              {deploymentHead, "spec: {}}", "spec: {strategy: {type: Recreate}}}", "spec: {strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}}}", "spec: {strategy: {type: Recreate}}}"},
		"finalizers":                    {"{apiVersion: v1, kind: ConfigMap, ", "metadata: {name: x, finalizers: [a/a, b/b]}}", "metadata: {name: x, finalizers: [a/a, c/c]}}", "metadata: {name: x, finalizers: [z/z, b/b, a/a]}}", "metadata: {name: x, finalizers: [z/z, a/a, c/c]}}"},
		"the second port of a number":   {ports, two + "}]}}}}", "[{containerPort: 53, protocol: UDP, name: u}, {containerPort: 53, name: v}]}]}}}}", two + "}]}}}}", "[{containerPort: 53, protocol: UDP, name: u}, {containerPort: 53, name: v}]}]}}}}"},
		"one port of two goes":          {ports, two + "}]}}}}", "[{containerPort: 53, protocol: TCP, name: t}]}]}}}}", two + "}]}}}}", "[{containerPort: 53, protocol: TCP, name: t}]}]}}}}"},
		"a second port of a number":     {ports, "[{containerPort: 53, name: t}]}]}}}}", "[{containerPort: 53, name: t}, {containerPort: 53, protocol: UDP, name: u}]}]}}}}", "[{containerPort: 53, protocol: TCP, name: t}]}]}}}}", "[{containerPort: 53, protocol: TCP, name: t}, {containerPort: 53, protocol: UDP, name: u}]}]}}}}"},
		"odd elements":                  {podHead, "{containers: [a, 1]}}}}", "{containers: [1, {image: b}]}}}}", "{containers: [a, 1, [c]]}}}}", "{containers: [1, {image: b}, [c]]}}}}"},
	} {
		t.Run(name, func(t *testing.T) {
			record, err := object(t, test.head+test.last).MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			wanted, live := object(t, test.head+test.wanted), object(t, test.head+test.live)
			wantedCopy, liveCopy := wanted.DeepCopy(), live.DeepCopy()
			merged, err := Merge(record, wanted, live)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(asText(t, object(t, test.head+test.want).Object), asText(t, merged.Object)); diff != "" {
				t.Error(diff)
			}
			if !cmp.Equal(wanted, wantedCopy) || !cmp.Equal(live, liveCopy) {
				t.Error("the objects themselves were changed")
			}
			again, err := Merge(record, wanted, merged)
			if err != nil || !cmp.Equal(again.Object, merged.Object) {
				t.Errorf("merged again it is %v, error %v", again, err)
			}
		})
	}
}

func TestMergeThreeWaysRecord(t *testing.T) {
	wanted, live := object(t, deploymentHead+"spec: {replicas: 2}}"), object(t, deploymentHead+"spec: {replicas: 3, paused: true}}")
	merged, err := Merge(nil, wanted, live)
	if err != nil || !cmp.Equal(merged.Object["spec"], map[string]any{"replicas": int64(2), "paused": true}) {
		t.Errorf("without a record: %v, error %v", merged, err)
	}
	if _, err := Merge([]byte("["), wanted, live); err == nil || err.Error() != "Deployment x: the record of what was applied last: unexpected end of JSON input; remove the annotation fitout.dev/last-applied" {
		t.Errorf("error %v", err)
	}
}

// FuzzMergeThreeWays: objects of any shape do no harm, and merging twice is merging once.
func FuzzMergeThreeWays(f *testing.F) {
	f.Add(app, app, app)
	f.Add(deploymentHead+"spec: {replicas: 2}}", podHead+"{containers: [a, {name: b}, {name: b}], volumes: 1}}}}", podHead+"{containers: {}, volumes: [[]]}}}}")
	f.Fuzz(func(t *testing.T, last, wanted, live string) {
		var all []*manifest.Object
		for _, text := range []string{last, wanted, live} {
			objects, err := manifest.Parse("fuzz", []byte(text))
			if err != nil || len(objects) == 0 {
				return
			}
			all = append(all, objects[0])
		}
		record, err := all[0].MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		SinceLastApplied(record, all[1], all[2])
		merged, err := Merge(record, all[1], all[2])
		if err != nil {
			t.Fatal(err)
		}
		if again, err := Merge(record, all[1], merged); err != nil || !cmp.Equal(again.Object, merged.Object) {
			t.Errorf("merged\n%v, again\n%v, error %v", merged, again, err)
		}
	})
}
