package parity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/parity"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// base has something of everything that is compared.
const base = `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: kube-system, labels: {own: label}}
spec:
  selector: {matchLabels: {app: agent}}
  updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}
  template:
    metadata: {labels: {app: agent}, annotations: {example.com/a: b, checksum/config: abc}}
    spec:
      serviceAccountName: agent
      hostNetwork: true
      priorityClassName: system-node-critical
      tolerations: [{operator: Exists}]
      securityContext: {runAsUser: 1000}
      initContainers:
        - {name: setup, image: example.com/setup:1, command: [sh, -c, "set -e; install"]}
      containers:
        - name: main
          image: example.com/agent:v1@sha256:0123
          command: [/agent, --socket=$(SOCKET), --verbose, --zone=a]
          env:
            - {name: SOCKET, value: /run/socket}
            - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
            - {name: MODE, valueFrom: {configMapKeyRef: {name: settings, key: mode, optional: true}}}
          envFrom: [{secretRef: {name: credentials}}]
          ports: [{name: health, containerPort: 9000}]
          livenessProbe: {httpGet: {path: /healthz, port: health}, periodSeconds: 30}
          resources: {requests: {cpu: 0.1}}
          securityContext: {privileged: true, capabilities: {add: [NET_ADMIN]}}
          volumeMounts:
            - {name: run, mountPath: /run/agent, readOnly: true}
            - {name: settings, mountPath: /settings}
            - {name: tmp, mountPath: /tmp}
      volumes:
        - {name: run, hostPath: {path: /run/agent, type: DirectoryOrCreate}}
        - {name: settings, configMap: {name: settings}}
        - {name: tmp, emptyDir: {}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: agent, namespace: kube-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: agent-role}
rules:
  - {apiGroups: ["", apps], resources: [things], verbs: [get, list]}
  - {apiGroups: [""], resources: [locks], resourceNames: [mine], verbs: [update]}
  - {nonResourceURLs: [/metrics], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: agent-binding}
roleRef: {kind: ClusterRole, name: agent-role}
subjects: [{kind: ServiceAccount, name: agent, namespace: kube-system}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: agent-reader, namespace: kube-system}
roleRef: {kind: Role, name: built-in}
subjects: [{kind: ServiceAccount, name: agent, namespace: kube-system}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: unbound, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}}
rules: [{apiGroups: [example.com], resources: [things], verbs: [get]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: kube-system}
data:
  mode: fast
  settings.yaml: |
    depth: {of: 1}
    list: [a]
  Settingsfile: |
    .:53 {
      cache 30
    }
---
apiVersion: v1
kind: Service
metadata: {name: agent, namespace: kube-system}
spec: {selector: {app: agent}, ports: [{name: web, port: 80, targetPort: 9000}]}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Thing, plural: things, shortNames: [th]}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}}
      additionalPrinterColumns: [{name: Age, type: date, jsonPath: .metadata.creationTimestamp}]
      schema: {openAPIV3Schema: {type: object, description: Words., properties: {size: {type: integer, description: More.}}}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: example.com
`

func parse(t *testing.T, text string) []*manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// Each case is one change of the base at upstream's, and the lines that tell of it.
var changes = []struct{ from, to, want string }{
	// What is no difference: labels, selectors, names of volumes and roles, order, defaults, two ways to write the same.
	{"labels: {own: label}", "labels: {other: label}", ""},
	{"{matchLabels: {app: agent}}", "{matchLabels: {app: other}}", ""},
	{"checksum/config: abc", "checksum/config: def", ""},
	{", rollingUpdate: {maxUnavailable: 1}", "", ""},
	{"name: run", "name: run-dir", ""},
	{"agent-role", "other-role", ""},
	{"agent-binding", "other-binding", ""},
	{"verbs: [get, list]", "verbs: [list, get]", ""},
	{"cpu: 0.1", "cpu: 100m", ""},
	{"--socket=$(SOCKET)", "--socket=/run/socket", ""},
	{"--verbose", "--verbose=true", ""},
	{"[/agent, --socket=$(SOCKET), --verbose, --zone=a]", "[/agent]\n          args: [--zone, a, --verbose, --socket=/run/socket]", ""},
	{"description: Words.", "description: Other words.", ""},
	{"securityContext: {runAsUser: 1000}", "securityContext: {}", "DaemonSet agent: container main: securityContext.runAsUser=1000: only here|DaemonSet agent: init container setup: securityContext.runAsUser=1000: only here"},
	// Workloads and pods.
	{"kind: DaemonSet", "kind: Deployment", "DaemonSet agent: only here|Deployment agent: only upstream"},
	{"name: agent, namespace: kube-system, labels", "name: agent, namespace: elsewhere, labels", "DaemonSet agent: namespace=elsewhere: only upstream"},
	{"maxUnavailable: 1", "maxUnavailable: 2", "DaemonSet agent: updateStrategy.rollingUpdate.maxUnavailable=2: only upstream"},
	{"example.com/a: b", "example.com/a: c", "DaemonSet agent: annotation example.com/a: b here, c upstream"},
	{"serviceAccountName: agent", "serviceAccountName: default", "DaemonSet agent: serviceAccountName: agent here, default upstream"},
	{"hostNetwork: true", "hostNetwork: false", "DaemonSet agent: hostNetwork=true: only here"},
	{"priorityClassName: system-node-critical", "priorityClassName: low", "DaemonSet agent: priorityClassName: system-node-critical here, low upstream"},
	{"{operator: Exists}", "{key: k, effect: NoSchedule, operator: Exists}", "DaemonSet agent: tolerates everything: only here|DaemonSet agent: tolerates k NoSchedule: only upstream"},
	// Containers.
	{"name: setup, image", "name: other, image", "DaemonSet agent: init container other: only upstream|DaemonSet agent: init container setup: only here"},
	{"set -e; install", "install", "DaemonSet agent: init container setup: arg -c: set -e; install here, install upstream"},
	{"example.com/agent:v1@", "example.com/agent:v2@", "DaemonSet agent: container main: image: example.com/agent:v1 here, example.com/agent:v2 upstream"},
	{"example.com/agent:v1@", "agent:v1@", "DaemonSet agent: container main: image: example.com/agent:v1 here, docker.io/agent:v1 upstream"},
	{"sha256:0123", "sha256:4567", "DaemonSet agent: container main: image digest: sha256:0123 here, sha256:4567 upstream"},
	{"v1@sha256:0123", "v1", "DaemonSet agent: container main: image digest=sha256:0123: only here"},
	{"[/agent, ", "[/agent, now, ", "DaemonSet agent: container main: command: /agent here, /agent now upstream"},
	{"--verbose", "--debug", "DaemonSet agent: container main: arg --debug=true: only upstream|DaemonSet agent: container main: arg --verbose=true: only here"},
	{"--zone=a", "--zone=b", "DaemonSet agent: container main: arg --zone: a here, b upstream"},
	{"--zone=a", "--zone=a, --zone=b", "DaemonSet agent: container main: arg --zone a: only upstream|DaemonSet agent: container main: arg --zone b: only upstream|DaemonSet agent: container main: arg --zone=a: only here"},
	{"spec.nodeName", "status.hostIP", "DaemonSet agent: container main: env NODE: field spec.nodeName here, field status.hostIP upstream"},
	{"key: mode, optional: true", "key: mode", "DaemonSet agent: container main: env MODE: key mode of ConfigMap settings, optional here, key mode of ConfigMap settings upstream"},
	{"name: credentials", "name: keys", "DaemonSet agent: container main: envFrom Secret credentials: only here|DaemonSet agent: container main: envFrom Secret keys: only upstream"},
	{"name: health, containerPort: 9000", "name: health, containerPort: 9001", "DaemonSet agent: container main: livenessProbe: http://:9000/healthz here, http://:9001/healthz upstream|DaemonSet agent: container main: port 9000/TCP=health: only here|DaemonSet agent: container main: port 9001/TCP=health: only upstream"},
	{"containerPort: 9000", "containerPort: 9000, protocol: UDP", "DaemonSet agent: container main: port 9000/TCP=health: only here|DaemonSet agent: container main: port 9000/UDP=health: only upstream"},
	{"path: /healthz", "path: /livez", "DaemonSet agent: container main: livenessProbe: http://:9000/healthz here, http://:9000/livez upstream"},
	{"periodSeconds: 30", "periodSeconds: 10", "DaemonSet agent: container main: livenessProbe: periodSeconds=30: only here"},
	{"livenessProbe", "readinessProbe", "DaemonSet agent: container main: livenessProbe=http://:9000/healthz: only here|DaemonSet agent: container main: readinessProbe=http://:9000/healthz: only upstream"},
	{"cpu: 0.1", "cpu: 200m", "DaemonSet agent: container main: resources.requests.cpu: 100m here, 200m upstream"},
	{"privileged: true", "privileged: false", "DaemonSet agent: container main: securityContext.privileged=true: only here"},
	{"[NET_ADMIN]", "[net_admin, SYS_ADMIN]", "DaemonSet agent: container main: securityContext.capabilities.add SYS_ADMIN: only upstream"},
	{"readOnly: true", "mountPropagation: Bidirectional", "DaemonSet agent: container main: mount /run/agent: hostPath /run/agent read-only here, hostPath /run/agent Bidirectional upstream"},
	{"{path: /run/agent, type: DirectoryOrCreate}", "{path: /run/agent}", "DaemonSet agent: volume hostPath /run/agent: type=DirectoryOrCreate: only here"},
	{"mountPath: /tmp", "mountPath: /data", "DaemonSet agent: container main: mount /data=emptyDir tmp: only upstream|DaemonSet agent: container main: mount /tmp=emptyDir tmp: only here"},
	// Access.
	{"resources: [things], verbs: [get, list]", "resources: [things], verbs: [get]", "ServiceAccount agent: may list things.apps: only here|ServiceAccount agent: may list things: only here"},
	{"resources: [things], verbs: [get, list]", `resources: [things], verbs: ["*"]`, "ServiceAccount agent: may * things.apps: wider upstream|ServiceAccount agent: may * things: wider upstream"},
	{"resourceNames: [mine], ", "", "ServiceAccount agent: may update locks: wider upstream"},
	{"resourceNames: [mine], verbs: [update]", "resourceNames: [mine], verbs: [update]}\n  - {apiGroups: [''], resources: [locks], verbs: [list]", "ServiceAccount agent: may list locks: only upstream"},
	{"resources: [locks], resourceNames: [mine]", "resources: ['*']", "ServiceAccount agent: may update *: wider upstream"},
	{"[/metrics]", "[/healthz]", "ServiceAccount agent: may get /healthz: only upstream|ServiceAccount agent: may get /metrics: only here"},
	{"name: built-in", "name: other", "ServiceAccount agent: has Role built-in in kube-system: only here|ServiceAccount agent: has Role other in kube-system: only upstream"},
	{"resources: [things], verbs: [get]}", "resources: [things], verbs: [watch]}", "ClusterRole unbound: may get things.example.com: only here|ClusterRole unbound: may watch things.example.com: only upstream"},
	{"aggregate-to-view", "aggregate-to-edit", "ClusterRole unbound: label rbac.authorization.k8s.io/aggregate-to-edit: only upstream|ClusterRole unbound: label rbac.authorization.k8s.io/aggregate-to-view: only here"},
	// Everything else.
	{"mode: fast", "mode: slow", "ConfigMap settings: key mode: fast here, slow upstream"},
	{"depth: {of: 1}", "depth: {of: 2}", "ConfigMap settings: key settings.yaml: depth.of: 1 here, 2 upstream"},
	{"list: [a]", "list: [b]", "ConfigMap settings: key settings.yaml: list a: only here|ConfigMap settings: key settings.yaml: list b: only upstream"},
	{"cache 30", "cache 60", "ConfigMap settings: key Settingsfile: line `cache 30`: only here|ConfigMap settings: key Settingsfile: line `cache 60`: only upstream"},
	{"spec: {selector: {app: agent}", "spec: {selector: {app: other}", "Service agent: selector.app: agent here, other upstream"},
	{"targetPort: 9000", "targetPort: 9001", "Service agent: port 80/TCP: to 9000 here, to 9001 upstream"},
	{"scope: Cluster", "scope: Namespaced", "CustomResourceDefinition things.example.com: scope: Cluster here, Namespaced upstream"},
	{"name: v1\n", "name: v2\n", "CustomResourceDefinition things.example.com: version v1: only here|CustomResourceDefinition things.example.com: version v2: only upstream"},
	{"served: true", "served: false", "CustomResourceDefinition things.example.com: version v1: served: true here, false upstream"},
	{"type: integer", "type: string", "CustomResourceDefinition things.example.com: version v1: schema: properties.size.type: integer here, string upstream"},
	{"{openAPIV3Schema:", "{none:", "CustomResourceDefinition things.example.com: version v1: schema=present: only here"},
	{"kind: CustomResourceDefinition\nmetadata: {name: things.example.com}", "kind: CustomResourceDefinition\nmetadata: {name: others.example.com}", "CustomResourceDefinition others.example.com: only upstream|CustomResourceDefinition things.example.com: only here"},
	{"apiVersion: storage.k8s.io/v1\n", "apiVersion: storage.k8s.io/v1beta1\n", "StorageClass fast: object: storage.k8s.io/v1 StorageClass here, storage.k8s.io/v1beta1 StorageClass upstream"},
	{"provisioner: example.com", "provisioner: example.org", "StorageClass fast: provisioner: example.com here, example.org upstream"},
	{`is-default-class: "true"`, `is-default-class: "false"`, "StorageClass fast: annotation storageclass.kubernetes.io/is-default-class: true here, false upstream"},
}

func TestEachKindOfDifferenceIsFound(t *testing.T) {
	ours := parse(t, base)
	for _, c := range changes {
		if !strings.Contains(base, c.from) {
			t.Fatalf("%q is not in the base", c.from)
		}
		got, _ := parity.Compare(ours, parse(t, strings.ReplaceAll(base, c.from, c.to)), nil)
		if text := strings.Join(got, "|"); text != c.want {
			t.Errorf("%s -> %s:\ngot  %s\nwant %s", c.from, c.to, text, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	upstream := strings.NewReplacer("name: agent", "name: upstream", "serviceAccountName: agent", "serviceAccountName: upstream", "name: main", "name: upstream",
		"name: settings", "name: upstream", "name: tmp", "name: upstream-tmp", "kind: DaemonSet", "kind: Deployment", "--zone", "--Zone").Replace(base)
	names := map[string]string{
		"DaemonSet agent": "Deployment upstream", "container main": "container upstream", "ServiceAccount agent": "ServiceAccount upstream", "Service agent": "Service upstream",
		"ConfigMap settings": "ConfigMap upstream", "volume tmp": "volume upstream-tmp", "arg --zone": "arg --Zone",
	}
	got, unknown := parity.Compare(parse(t, base), parse(t, upstream), names)
	if want := []string{"DaemonSet agent: object: apps/v1 DaemonSet here, apps/v1 Deployment upstream"}; !slices.Equal(got, want) || unknown != nil {
		t.Errorf("got %q and unknown %q, want %q", got, unknown, want)
	}
	names["Service other"] = "Service nowhere"
	if _, unknown := parity.Compare(parse(t, base), parse(t, upstream), names); !slices.Equal(unknown, []string{"Service other: Service nowhere"}) {
		t.Errorf("unknown names %q, want the Service", unknown)
	}
}
