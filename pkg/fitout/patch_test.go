package fitout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
)

// patched renders the default addons of 1.36 with one patch, and returns the error's text.
func patched(t *testing.T, patch string) (*fitout.Plan, string) {
	t.Helper()
	text := "apiVersion: fitout.dev/v1alpha1\nkind: Cluster\nkubernetesVersion: 1.36\npatches:\n- " + strings.ReplaceAll(patch, "\n", "\n  ") + "\n"
	file, read := clusterfile.Read("c.yaml", strings.NewReader(text))
	plan, err := fitout.Prepare(catalogue(t), file, nil, read)
	if err != nil {
		return nil, err.Error()
	}
	return plan, ""
}

const forms = "give a partial object, or a list of operations such as [{op: replace, path: /spec/replicas, value: 2}]"

// A patch that cannot be applied is a sentence with a remedy, which names what there is instead and never repeats the patch.
func TestPatchFaults(t *testing.T) {
	full := func(apiVersion, kind, metadata string) string {
		return fmt.Sprintf("patch: |\n  apiVersion: %s\n  kind: %s\n  metadata: %s\n  spec: {replicas: 3}", apiVersion, kind, metadata)
	}
	operations := func(list string) string { return "target: {kind: Deployment, name: coredns}\npatch: '" + list + "'" }
	const remain = "a patch may change or delete objects, but not their kind, name or namespace"
	merged := func(text string) string { return "target: {kind: Deployment, name: coredns}\npatch: '" + text + "'" }
	for patch, want := range map[string]string{
		full("apps/v1", "Deployment", "{name: coredns}"):                                                           "patches[0].patch names Deployment coredns without a namespace, which is not among the objects; there is Deployment kube-system/coredns: write metadata.namespace: kube-system",
		full("apps/v1", "Deployment", "{name: coredns, namespace: dns}"):                                           "patches[0].patch names Deployment dns/coredns, which is not among the objects; there is Deployment kube-system/coredns: write metadata.namespace: kube-system",
		full("extensions/v1beta1", "Deployment", "{name: coredns, namespace: kube-system}"):                        "patches[0].patch names Deployment kube-system/coredns, which is not among the objects; there is Deployment kube-system/coredns: write apiVersion: apps/v1",
		full("apps/v1", "Deployment", "{name: kube-proxy, namespace: kube-system}"):                                "patches[0].patch names Deployment kube-system/kube-proxy, which is not among the objects; there is DaemonSet kube-system/kube-proxy: write kind: DaemonSet",
		full("apps/v1", "Deployment", "{name: kube-proxy}"):                                                        "patches[0].patch names Deployment kube-proxy without a namespace, which is not among the objects; there is DaemonSet kube-system/kube-proxy: write kind: DaemonSet, metadata.namespace: kube-system",
		full("apps/v1", "Deployment", "{name: cordns, namespace: kube-system}"):                                    "patches[0].patch names Deployment kube-system/cordns, which is not among the objects; there is Deployment kube-system/coredns: write metadata.name: coredns",
		full("apps/v1", "Deployment", "{name: something-else, namespace: kube-system}"):                            "patches[0].patch names Deployment kube-system/something-else, which is not among the objects; fitout render -o name lists the objects",
		full("storage.k8s.io/v1", "StorageClass", "{name: scw-bssd, namespace: kube-system}"):                      "patches[0].patch names StorageClass kube-system/scw-bssd, which is not among the objects; there is StorageClass scw-bssd: write no metadata.namespace",
		"patch: 'spec: {replicas: 3}'":                                                                             "patches[0].patch does not say which object it is for; add a target, or apiVersion, kind, metadata.name and metadata.namespace of the object",
		"target: {kind: Deployment, name: cordns}\npatch: 'a: b'":                                                  `patches[0].target.name is "cordns", which no object has that matches the rest of the target; did you mean coredns?`,
		"target: {kind: Deployment, name: kube-proxy}\npatch: 'a: b'":                                              `patches[0].target.kind is "Deployment", which no object has that matches the rest of the target; there is ConfigMap kube-system/kube-proxy: write ConfigMap or DaemonSet or ServiceAccount`,
		"target: {kind: Deployment, name: coredns, namespace: dns}\npatch: 'a: b'":                                 `patches[0].target.namespace is "dns", which no object has that matches the rest of the target; there is Deployment kube-system/coredns: write kube-system`,
		"target: {group: extensions, kind: Deployment, name: coredns}\npatch: 'a: b'":                              `patches[0].target.group is "extensions", which no object has that matches the rest of the target; there is Deployment kube-system/coredns: write apps`,
		"target: {name: 'core(dns'}\npatch: 'a: b'":                                                                `patches[0].target.name is "core(dns", which is not a regular expression; write a name, or an expression such as coredns|metrics-server`,
		"target: {labelSelector: 'a in'}\npatch: 'a: b'":                                                           `patches[0].target.labelSelector is "a in", which is not a label selector; write one such as k8s-app=kube-dns`,
		"target: {kind: Pod, name: none}\npatch: 'a: b'":                                                           "patches[0].target matches no object; fitout render -o name lists the objects",
		"target: {kind: Deployment}\npatch: '# nothing'":                                                           "patches[0].patch is empty; " + forms + ", or remove the patch",
		"target: {kind: Deployment}\npatch: ' '":                                                                   "patches[0].patch is empty; " + forms + ", or remove the patch",
		"target: {kind: Deployment}\npatch: '{}'":                                                                  "patches[0].patch changes nothing; " + forms + ", or remove the patch",
		"target: {kind: Deployment}\npatch: '[]'":                                                                  "patches[0].patch has no operations; " + forms + ", or remove the patch",
		"target: {kind: Deployment}\npatch: secret-token":                                                          "patches[0].patch is a single value; " + forms,
		"target: {kind: Deployment}\npatch: 'a: [secret-token'":                                                    "patches[0].patch is not YAML: an error at line 1 of the patch; correct it",
		"target: {kind: Deployment}\npatch: \"a: b\\n---\\nc: d\"":                                                 "patches[0].patch holds 2 documents for one target; give each an entry of its own",
		"target: {kind: Deployment}\npatch: 'metadata: x'":                                                         "patches[0].patch has metadata that is not a mapping; give metadata: {name: ..., namespace: ...}",
		"patch: '[{op: remove, path: /spec}]'":                                                                     "patches[0].patch is a list of operations without a target; add a target, such as {kind: Deployment, name: coredns}",
		operations("[{op: repalce, path: /spec/replicas, value: 2}]"):                                              `patches[0].patch has an operation 1 whose op is "repalce"; did you mean replace? Allowed: add, copy, move, remove, replace, test`,
		operations("[{op: replace, path: spec/replicas, value: 2}]"):                                               "patches[0].patch has an operation 1 without a path that begins with a slash; give one such as /spec/replicas",
		operations("[{op: replace, path: /spec/replicas}]"):                                                        "patches[0].patch has an operation 1 (replace /spec/replicas) without value; add value",
		operations("[{op: replace, path: /spec/replicas, value: 2}, {op: replace, path: /spec/none/x, value: 2}]"): "patches[0].patch has an operation 2 (replace /spec/none/x) that does not apply to Deployment kube-system/coredns: the object has no such path; correct the path, or use add for a field that is not there; fitout render shows the object",
		operations("[{op: test, path: /spec/replicas, value: 9}]"):                                                 "patches[0].patch has an operation 1 (test /spec/replicas) that does not apply to Deployment kube-system/coredns: the value there is another; fitout render shows the object",
		operations("[{op: replace, path: /metadata/name, value: mine}]"):                                           `patches[0].patch changes metadata.name of Deployment kube-system/coredns to "mine"; remove metadata.name: a patch may change or delete objects, but not their kind, name or namespace`,
		operations("[{op: replace, path: /metadata/namespace, value: mine}]"):                                      `patches[0].patch changes metadata.namespace of Deployment kube-system/coredns to "mine"; remove metadata.namespace: a patch may change or delete objects, but not their kind, name or namespace`,
		operations("[{op: replace, path: /kind, value: DaemonSet}]"):                                               `patches[0].patch changes kind of Deployment kube-system/coredns to "DaemonSet"; remove kind: a patch may change or delete objects, but not their kind, name or namespace`,
		operations("[{op: replace, path: /metadata, value: {name: mine}}]"):                                        `patches[0].patch changes metadata.name of Deployment kube-system/coredns to "mine"; remove metadata.name: ` + remain,
		operations("[{op: replace, path: /metadata, value: {labels: {a: b}}}]"):                                    `patches[0].patch changes an object into Deployment; ` + remain,
		operations("[{op: remove, path: /metadata/name}]"):                                                         `patches[0].patch removes metadata.name of Deployment kube-system/coredns; ` + remain,
		operations("[{op: move, from: /metadata/namespace, path: /metadata/labels/a}]"):                            `patches[0].patch removes metadata.namespace of Deployment kube-system/coredns; ` + remain,
		operations("[{op: remove, path: /metadata/labels/fitout.dev~1addon}]"):                                     "patches[0].patch touches metadata.labels fitout.dev/addon, which Fitout sets itself; remove it, or use a domain of yours",
		operations("[{op: add, path: /metadata/labels, value: {fitout.dev/bundle: a}}]"):                           "patches[0].patch touches metadata.labels fitout.dev/bundle, which Fitout sets itself; remove it, or use a domain of yours",
		operations("[{op: copy, from: /kind, path: /metadata/labels/fitout.dev~1addon}]"):                          "patches[0].patch touches metadata.labels fitout.dev/addon, which Fitout sets itself; remove it, or use a domain of yours",
		operations("[{op: add, path: /status, value: {replicas: 1}}]"):                                             "patches[0].patch touches status, which controllers write; remove it",
		merged("apiVersion: apps/v1beta1"):                                                                         `patches[0].patch changes apiVersion of Deployment kube-system/coredns to "apps/v1beta1"; remove apiVersion: ` + remain,
		merged("kind: DaemonSet"):                                                                                  `patches[0].patch changes kind of Deployment kube-system/coredns to "DaemonSet"; remove kind: ` + remain,
		merged("kind: null"):                                                                                       `patches[0].patch removes kind of Deployment kube-system/coredns; ` + remain,
		merged("metadata: {name: dns}"):                                                                            `patches[0].patch changes metadata.name of Deployment kube-system/coredns to "dns"; remove metadata.name: ` + remain,
		merged("metadata: {namespace: dns}"):                                                                       `patches[0].patch changes metadata.namespace of Deployment kube-system/coredns to "dns"; remove metadata.namespace: ` + remain,
		merged("metadata: null"):                                                                                   `patches[0].patch removes metadata of Deployment kube-system/coredns; ` + remain,
		merged("metadata: {labels: {app.kubernetes.io/managed-by: me}}"):                                           "patches[0].patch touches metadata.labels app.kubernetes.io/managed-by, which Fitout sets itself; remove it, or use a domain of yours",
		merged("metadata: {annotations: {fitout.dev/x: null}}"):                                                    "patches[0].patch touches metadata.annotations fitout.dev/x, which Fitout sets itself; remove it, or use a domain of yours",
		merged("spec: {template: {metadata: {annotations: {fitout.dev/config: x}}}}"):                              "patches[0].patch touches spec.template.metadata.annotations fitout.dev/config, which Fitout sets itself; remove it, or use a domain of yours",
		merged("metadata: {uid: x}"):                                                                               "patches[0].patch touches metadata.uid, which the API server writes; remove it",
		merged("spec: {replicas: 3}\n\n  spec: {replicas: 4}"):                                                     "patches[0].patch has the key spec a second time in one mapping, at line 2 of the patch; correct it",
		merged("spec: {replicas: 3, replicas: 4}"):                                                                 "patches[0].patch has the key replicas a second time in one mapping, at line 1 of the patch; correct it",
		operations("[{op: replace, path: /spec/replicas, value: 2, value: 3}]"):                                    "patches[0].patch has the key value a second time in one mapping, at line 1 of the patch; correct it",
		merged("spec: {$patch: remove}"):                                                                           "patches[0].patch has a $patch that is none of delete, merge and replace; correct it, or remove it",
		"target: {name: coredns.*|system:coredns|kube-dns}\npatch: '$patch: delete'":                               "patches[0].patch deletes all objects of addon coredns; write addons.coredns.enabled: false instead, which says that you bring your own",
		merged("spec: {replicas: many}"):                                                                           `patches[0].patch leads to a fault: Deployment kube-system/coredns spec.replicas is the string "many"; give a whole number`,
		merged("speck: {replicas: 1}"):                                                                             "patches[0].patch leads to a fault: Deployment kube-system/coredns speck is not a field of Kubernetes v1.36.4; did you mean spec?",
		operations("[{op: add, path: /spec/replica, value: 2}]"):                                                   "patches[0].patch leads to a fault: Deployment kube-system/coredns spec.replica is not a field of Kubernetes v1.36.4; did you mean replicas?",
		"target: {kind: ConfigMap, name: coredns}\npatch: 'data: {Corefile: \". {\\n proxy . a\\n}\"}'":            "patches[0].patch leads to a fault: ConfigMap kube-system/coredns: data.Corefile: line 2: proxy was removed in CoreDNS 1.5.0, and 1.14.2 does not start with it; write forward, without fail_timeout, max_fails, health_check, protocol and spray; a stub domain (proxy ZONE ADDRESS) becomes a server block of its own with forward",
	} {
		_, got := patched(t, patch)
		_, text, _ := strings.Cut(got, ": ")
		if diff := cmp.Diff(want, text); diff != "" || !strings.HasPrefix(got, "c.yaml:") || strings.Contains(got, "secret-token") {
			t.Errorf("%s\n%s:\n%s", patch, got, diff)
		}
	}
}

// What a patch with a target may leave out is that of the objects that it is for.
func TestPatchesWithTarget(t *testing.T) {
	for patch, want := range map[string]map[string]bool{
		"target: {kind: Deployment, name: coredns}\npatch: 'spec: {replicas: 3}'":                                                                                                                                        {"replicas: 3": true},
		"target: {kind: Deployment, name: coredns}\npatch: 'kind: Deployment\n\n  spec: {replicas: 3}'":                                                                                                                  {"replicas: 3": true},
		"target: {kind: Deployment|DaemonSet, name: coredns|kube-proxy}\npatch: 'metadata: {annotations: {day: 2020-01-02}}'":                                                                                            {"day: \"2020-01-02\"": true},
		"target: {kind: Deployment, name: coredns}\npatch: '$patch: delete'":                                                                                                                                             {"kind: Deployment\nmetadata:\n  labels:\n    app.kubernetes.io/managed-by: fitout\n    fitout.dev/addon: coredns": false},
		"patch: |\n  apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: coredns, namespace: kube-system}\n  $patch: delete":                                                                                     {"kind: Deployment\nmetadata:\n  labels:\n    app.kubernetes.io/managed-by: fitout\n    fitout.dev/addon: coredns": false},
		"patch: |\n  apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: coredns, namespace: kube-system}\n  spec:\n    template:\n      spec:\n        containers:\n        - {name: coredns, image: 'mine:1'}": {"image: mine:1": true, "/etc/coredns": true},
		"target: {kind: Deployment, name: coredns}\npatch: 'spec: {template: {spec: {containers: [{name: coredns, image: \"mine:1\"}]}}}'":                                                                               {"image: mine:1": true, "/etc/coredns": true},
	} {
		plan, fault := patched(t, patch)
		if fault != "" {
			t.Errorf("%s: %s", patch, fault)
			continue
		}
		text := yamlOf(t, plan)
		for part, there := range want {
			if strings.Contains(text, part) != there {
				t.Errorf("%s: %q is there: %v", patch, part, !there)
			}
		}
	}
}

func yamlOf(t *testing.T, plan *fitout.Plan) string {
	t.Helper()
	var out strings.Builder
	if err := manifest.Write(&out, plan.Rendering.Objects()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// What a patch deletes, and that it changes nothing, is told.
func TestPatchWarnings(t *testing.T) {
	for patch, want := range map[string][]string{
		"target: {kind: Deployment, name: coredns}\npatch: 'spec: {replicas: 3}'":                                                 nil,
		"target: {kind: Service, name: kube-dns|metrics-server}\npatch: '$patch: delete'":                                         {"patches[0] deletes Service kube-system/kube-dns", "patches[0] deletes Service kube-system/metrics-server"},
		"target: {kind: Deployment, name: coredns}\npatch: 'spec: {replicas: 1}'":                                                 {"patches[0] changes nothing: its objects are like that without it"},
		"target: {kind: Deployment, name: coredns}\npatch: 'spec: {template: {spec: {volumes: [{name: none, $patch: delete}]}}}'": {"patches[0] changes nothing: its objects are like that without it"},
		"target: {kind: Deployment, name: coredns}\npatch: '[{op: replace, path: /spec/replicas, value: 1}]'":                     {"patches[0] changes nothing: its objects are like that without it"},
	} {
		plan, fault := patched(t, patch)
		if fault != "" {
			t.Errorf("%s: %s", patch, fault)
			continue
		}
		if diff := cmp.Diff(want, plan.Rendering.Warnings); diff != "" {
			t.Errorf("%s: %s", patch, diff)
		}
		for _, w := range want {
			if !slices.Contains(plan.Warnings, w) {
				t.Errorf("%s: not told: %s", patch, w)
			}
		}
	}
}
