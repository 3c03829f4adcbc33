package main

import (
	"fmt"
	"strings"
)

const (
	minor     = "1.36"
	namespace = "bench"
	label     = "fitout.dev/applybench" // of every object, so that it can be found and taken away
)

// templates are what is applied, kind after kind: what addons consist of. Deployments have no pods: starting them is no part
// of applying. They come last, as every tool but a bare loop would put them: what controllers do about them competes with
// what is still being applied.
var templates = []string{
	`apiVersion: v1
kind: ConfigMap
metadata: {name: NAME, namespace: bench, labels: {fitout.dev/applybench: "true"}}
data: {one: "1", two: "2", config.yaml: "` + strings.Repeat("a line of configuration, as addons have them\\n", 20) + `"}
`, `apiVersion: v1
kind: ServiceAccount
metadata: {name: NAME, namespace: bench, labels: {fitout.dev/applybench: "true"}}
`, `apiVersion: v1
kind: Service
metadata: {name: NAME, namespace: bench, labels: {fitout.dev/applybench: "true"}}
spec: {selector: {app: NAME}, ports: [{name: http, port: 80, protocol: TCP, targetPort: 8080}]}
`, `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NAME, labels: {fitout.dev/applybench: "true"}}
rules:
  - {apiGroups: [""], resources: [pods, services, nodes], verbs: [get, list, watch]}
  - {apiGroups: [apps], resources: [deployments, daemonsets], verbs: [get, list, watch, patch]}
`, `apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: bench, labels: {fitout.dev/applybench: "true"}}
spec:
  replicas: 0
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      serviceAccountName: default
      containers:
        - name: main
          image: example.org/main:1.0.0
          args: [--config=/etc/config.yaml]
          ports: [{name: http, containerPort: 8080, protocol: TCP}]
          resources: {requests: {cpu: 10m, memory: 20Mi}, limits: {memory: 100Mi}}
          volumeMounts: [{name: config, mountPath: /etc/config}]
      volumes: [{name: config, configMap: {name: NAME}}]
`,
}

// manifests returns n objects as YAML documents, as many of each kind.
func manifests(n int) string {
	var out strings.Builder
	for i := range n {
		name := fmt.Sprintf("bench-%04d", i)
		out.WriteString("---\n" + strings.ReplaceAll(templates[i*len(templates)/n], "NAME", name))
	}
	return out.String()
}
