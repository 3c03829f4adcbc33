package footprint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/footprint"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// workload is a manifest with a pod template; spec and pod are YAML in their places.
func workload(kind, name, spec, pod string) string {
	return fmt.Sprintf("apiVersion: apps/v1\nkind: %s\nmetadata: {name: %s, namespace: kube-system}\nspec:\n  %s\n  template:\n    spec:\n%s",
		kind, name, spec, indent(pod, "      "))
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+by) + "\n"
}

func daemonSet(name, containers string) string {
	return workload("DaemonSet", name, "minReadySeconds: 0", "containers:\n"+containers)
}

func deployment(name string, replicas int, containers string) string {
	return workload("Deployment", name, fmt.Sprintf("replicas: %d", replicas), "containers:\n"+containers)
}

// rendering is one addon with the objects in texts.
func rendering(t *testing.T, texts ...string) *render.Rendering {
	t.Helper()
	objects, err := manifest.Parse("test", []byte(strings.Join(texts, "---\n")))
	if err != nil {
		t.Fatal(err)
	}
	return &render.Rendering{Bundle: "1.36", Addons: []render.Addon{{Addon: bundle.Addon{Name: "test"}, Objects: objects}}}
}

func node(t *testing.T, architecture string) footprint.Node {
	t.Helper()
	n, err := footprint.NodeOf(footprint.Size{Name: "test", Cores: "2", Memory: "1124Mi"}, architecture)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func of(t *testing.T, r *render.Rendering, n footprint.Node, nodes int) *footprint.Footprint {
	t.Helper()
	f, err := footprint.Of(r, n, nodes)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// amount is cpu and memory of a list, as quantities: 100m 10Mi; a dash is what is not there.
func amount(list corev1.ResourceList) string {
	var parts []string
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if q, ok := list[name]; ok {
			parts = append(parts, q.String())
		} else {
			parts = append(parts, "-")
		}
	}
	return strings.Join(parts, " ")
}

// What one pod requests is what the scheduler counts.
func TestPodRule(t *testing.T) {
	for name, test := range map[string]struct{ pod, requests, limits string }{
		"sum of the containers": {
			"containers: [{name: a, resources: {requests: {cpu: 100m, memory: 10Mi}}}, {name: b, resources: {requests: {cpu: '1', memory: 20M}}}]",
			"1100m 30485760", "- -",
		},
		"a larger init container": {
			"initContainers: [{name: i, resources: {requests: {cpu: 10m, memory: 100Mi}}}]\ncontainers: [{name: a, resources: {requests: {cpu: 100m, memory: 10Mi}}}]",
			"100m 100Mi", "- -",
		},
		"a sidecar, which goes on running": {
			"initContainers: [{name: s, restartPolicy: Always, resources: {requests: {memory: 5Mi}}}, {name: i, resources: {requests: {memory: 12Mi}}}]\ncontainers: [{name: a, resources: {requests: {memory: 10Mi}}}]",
			"- 17Mi", "- -",
		},
		"the overhead of the runtime class": {
			"overhead: {cpu: 50m, memory: 1Mi}\ncontainers: [{name: a, resources: {requests: {cpu: 100m}, limits: {cpu: 200m}}}]",
			"150m 1Mi", "250m -",
		},
		"a limit is requested where nothing else is": {
			"containers: [{name: a, resources: {requests: {cpu: 10m}, limits: {cpu: 1, memory: 10Mi}}}]",
			"10m 10Mi", "1 10Mi",
		},
		"what is not counted": {
			"containers: [{name: a, resources: {requests: {ephemeral-storage: 1Gi}}}]",
			"- -", "- -",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := of(t, rendering(t, workload("DaemonSet", "x", "minReadySeconds: 0", test.pod)), node(t, "amd64"), 1)
			w := f.Workloads[0]
			if got := amount(w.Requests); got != test.requests {
				t.Errorf("requests %s, want %s", got, test.requests)
			}
			if got := amount(w.Limits); got != test.limits {
				t.Errorf("limits %s, want %s", got, test.limits)
			}
		})
	}
}

func TestShares(t *testing.T) {
	perArch := func(arch string) string {
		return workload("DaemonSet", "net-"+arch, "minReadySeconds: 0", "nodeSelector: {kubernetes.io/arch: "+arch+"}\ncontainers: [{name: net, resources: {requests: {cpu: 100m, memory: 50Mi}}}]")
	}
	r := rendering(t, perArch("amd64"), perArch("arm64"), daemonSet("silent", "- {name: silent}"),
		deployment("dns", 2, "- {name: dns, resources: {requests: {cpu: 100m, memory: 70Mi}, limits: {memory: 170Mi}}}\n- {name: silent}"),
		workload("Job", "once", "parallelism: 3", "containers: [{name: job, resources: {requests: {memory: 1Mi}}}]"),
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: kube-system}\n")
	for _, arch := range []string{"amd64", "arm64"} {
		f := of(t, r, node(t, arch), 3)
		var got strings.Builder
		for _, w := range f.Workloads {
			fmt.Fprintf(&got, "%s: %d %s\n", w.Object.Name, w.Pods, w.Runs)
		}
		for _, s := range []footprint.Share{f.EachNode, f.Once, f.Cluster} {
			fmt.Fprintf(&got, "%s of %d, %d without requests, %d without limits\n", amount(s.Requests), s.Containers, s.WithoutRequests, s.WithoutLimits)
		}
		want := `net-amd64: 1 each node
net-arm64: 1 elsewhere
silent: 1 each node
dns: 2 once
once: 3 once
100m 50Mi of 2, 1 without requests, 2 without limits
200m 143Mi of 7, 2 without requests, 5 without limits
500m 293Mi of 13, 5 without requests, 11 without limits
`
		if arch == "arm64" {
			want = strings.Replace(strings.Replace(want, "net-amd64: 1 each node", "net-amd64: 1 elsewhere", 1), "net-arm64: 1 elsewhere", "net-arm64: 1 each node", 1)
		}
		if diff := cmp.Diff(want, got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", arch, diff)
		}
	}
}

func TestTableOfWhatIsSmallAndWhatIsTooLarge(t *testing.T) {
	var got strings.Builder
	f := of(t, rendering(t, daemonSet("large", "- {name: a, resources: {requests: {cpu: 1m, memory: 2Gi}, limits: {memory: 3Gi}}}\n- {name: b}")), node(t, "amd64"), 0)
	f.Budget = bundle.Budget{Node: bundle.Allowance{CPU: "10m", Memory: "1Gi", Undeclared: 2}, Cluster: bundle.Allowance{CPU: "1", Memory: "1Gi"}}
	if err := footprint.Table(&got, f); err != nil {
		t.Fatal(err)
	}
	want := `Bundle 1.36 on test (2000m CPU, 1124Mi memory; pods may request 2000m, 1024Mi), amd64

ON EACH NODE                       CPU  MEMORY  CPU LIMIT  MEMORY LIMIT
test: DaemonSet kube-system/large  1m   2048Mi  -          -
    a                              1m   2048Mi  -          3072Mi
    b: declares nothing            -    -       -          -

REQUESTED                  OF      SHARE
each node  cpu     1m      2000m   0.1 %    [#...................]
           memory  2048Mi  1024Mi  200.0 %  [####################+

OF THE BUDGET                      OF      SHARE
each node      cpu         1m      10m     10.0 %   [##..................]
               memory      2048Mi  1024Mi  200.0 %  [####################+
               undeclared  1       2
once           cpu         0m      1000m   0.0 %  [....................]
               memory      0Mi     1024Mi  0.0 %  [....................]
               undeclared  0       0

each node: 1 of 2 containers declare no memory request, 1 no memory limit.
Requests are what addons declare, not what they use: docs/footprint.md.
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOfRefuses(t *testing.T) {
	for want, r := range map[string]*render.Rendering{
		"addon test: CronJob kube-system/x: a footprint cannot count a CronJob":  rendering(t, "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x, namespace: kube-system}\n"),
		"addon test: DaemonSet kube-system/x: its pod template cannot be read: ": rendering(t, daemonSet("x", "- {name: a, resources: {requests: {cpu: lots}}}")),
		"addon test: DaemonSet kube-system/x: its node affinity: ":               rendering(t, workload("DaemonSet", "x", "minReadySeconds: 0", "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Is}]}]}}}\ncontainers: [{name: a}]")),
	} {
		if _, err := footprint.Of(r, node(t, "amd64"), 1); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v does not begin with %q", err, want)
		}
	}
	if _, err := footprint.Of(rendering(t), node(t, "amd64"), -1); err == nil || err.Error() != "the number of nodes is -1; give 0 to 100000" {
		t.Errorf("error %v", err)
	}
}

func TestJSON(t *testing.T) {
	var got strings.Builder
	f := of(t, rendering(t, daemonSet("x", "- {name: a, resources: {requests: {cpu: 1500m}, limits: {memory: 1000Mi}}}\n- {name: b}")), node(t, "amd64"), 2)
	if err := footprint.JSON(&got, f); err != nil {
		t.Fatal(err)
	}
	want := `{
  "apiVersion": "fitout.dev/v1alpha1",
  "kind": "Footprint",
  "bundle": "1.36",
  "digest": "",
  "node": {
    "size": "test",
    "architecture": "amd64",
    "capacity": {
      "cpu": "2",
      "memory": "1124Mi"
    },
    "allocatable": {
      "cpu": "2",
      "memory": "1Gi"
    }
  },
  "nodes": 2,
  "eachNode": {
    "requests": {
      "cpu": "1500m",
      "memory": "1000Mi"
    },
    "limits": {
      "cpu": "0",
      "memory": "0"
    },
    "containers": 2,
    "withoutMemoryRequest": 1,
    "withoutMemoryLimit": 1
  },
  "once": {
    "requests": {
      "cpu": "0",
      "memory": "0"
    },
    "limits": {
      "cpu": "0",
      "memory": "0"
    },
    "containers": 0,
    "withoutMemoryRequest": 0,
    "withoutMemoryLimit": 0
  },
  "cluster": {
    "requests": {
      "cpu": "3",
      "memory": "2000Mi"
    },
    "limits": {
      "cpu": "0",
      "memory": "0"
    },
    "containers": 4,
    "withoutMemoryRequest": 2,
    "withoutMemoryLimit": 2
  },
  "workloads": [
    {
      "addon": "test",
      "object": {
        "group": "apps",
        "kind": "DaemonSet",
        "namespace": "kube-system",
        "name": "x"
      },
      "runs": "each node",
      "pods": 1,
      "requests": {
        "cpu": "1500m",
        "memory": "1000Mi"
      },
      "limits": {},
      "containers": [
        {
          "name": "a",
          "requests": {
            "cpu": "1500m",
            "memory": "1000Mi"
          },
          "limits": {
            "memory": "1000Mi"
          }
        },
        {
          "name": "b"
        }
      ]
    }
  ]
}
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
