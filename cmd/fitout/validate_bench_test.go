package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/cputime"
)

// benchObjects are manifests of kinds that charts are made of, with a number in their names.
var benchObjects = []string{`apiVersion: apps/v1
kind: Deployment
metadata: {name: a%[1]d, namespace: default, labels: {app: a%[1]d}}
spec:
  replicas: 2
  selector: {matchLabels: {app: a%[1]d}}
  template:
    metadata: {labels: {app: a%[1]d}}
    spec:
      containers:
        - name: a
          image: registry.example.org/a:1.2.3
          ports: [{name: http, containerPort: 8080}]
          env: [{name: A, value: b}]
          resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}
          readinessProbe: {httpGet: {path: /, port: http}}
          volumeMounts: [{name: c, mountPath: /c}]
      volumes: [{name: c, configMap: {name: a%[1]d}}]
`, `apiVersion: v1
kind: Service
metadata: {name: a%[1]d, namespace: default}
spec: {selector: {app: a%[1]d}, ports: [{name: http, port: 80, targetPort: http}]}
`, `apiVersion: v1
kind: ConfigMap
metadata: {name: a%[1]d, namespace: default}
data: {a: "1", b: two}
`, `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: a%[1]d, namespace: default}
rules: [{apiGroups: [""], resources: [pods, services], verbs: [get, list, watch]}]
`, `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: a%[1]d, namespace: default}
spec: {rules: [{host: a.example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a%[1]d, port: {name: http}}}}]}}]}
`}

// BenchmarkValidateProcess runs fitout validate as a process over 10, 100 and 1,000 manifests, and kubeconform beside it if
// KUBECONFORM names the program and KUBECONFORM_SCHEMAS its -schema-location.
func BenchmarkValidateProcess(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "fitout")
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	commands := [][]string{{binary, "validate", "--kubernetes", "1.36"}}
	if other := os.Getenv("KUBECONFORM"); other != "" {
		commands = append(commands, []string{other, "-strict", "-schema-location", os.Getenv("KUBECONFORM_SCHEMAS")})
	}
	for _, n := range []int{10, 100, 1000} {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, "---\n"+benchObjects[i%len(benchObjects)], i)
		}
		file := filepath.Join(b.TempDir(), "manifests.yaml")
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			b.Fatal(err)
		}
		for _, command := range commands {
			b.Run(fmt.Sprintf("%s/%d", filepath.Base(command[0]), n), func(b *testing.B) {
				cputime.Report(b, cputime.Children)
				for b.Loop() {
					if out, err := exec.Command(command[0], append(command[1:], file)...).CombinedOutput(); err != nil {
						b.Fatalf("%v\n%s", err, out)
					}
				}
			})
		}
	}
}
