//go:build linux

package bed_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
	"github.com/fitout-dev/fitout/internal/bed/bedtest"
)

// always are the minors that TestBed builds itself: one of each generation.
var always = []string{"1.18", "1.36"}

// TestBed takes every minor through the life of a bed. Building them all
// takes an hour of CPU time, so most are tested only where they are built.
func TestBed(t *testing.T) {
	minors, err := bed.Minors()
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range minors {
		t.Run(minor, func(t *testing.T) {
			built, err := bed.Built(t.Context(), minor)
			if err != nil {
				t.Fatal(err)
			}
			if !built && !slices.Contains(always, minor) {
				t.Skipf("not built: run `go run ./testdata/bed build --kubernetes %s`", minor)
			}
			testLife(t, minor)
		})
	}
}

func testLife(t *testing.T, minor string) {
	b := bedtest.Start(t, bed.Options{Minor: minor, Nodes: 2, ProviderIDPrefix: "example://zone-1/"})
	api := connect(t, b)

	testVersion(t, b, api)
	testSchemas(t, api)
	testCustomResource(t, minor, api)
	testNodes(t, api, 2)
	testWorkloads(t, api, 2)

	if err := b.AddNodes(within(t, time.Minute), 1); err != nil {
		t.Fatal(err)
	}
	testNodes(t, api, 3)
	api.await(t, daemonSetPath, "numberReady", 3)

	testRestart(t, b, api)
	testRecovery(t, b)
	testStop(t, b)
}

func testVersion(t *testing.T, b *bed.Bed, api *api) {
	t.Helper()
	var version struct{ GitVersion, Major, Minor string }
	api.get(t, "/version", &version)
	if version.GitVersion != b.Version() || version.Major+"."+version.Minor != b.Minor() {
		t.Errorf("/version answers %+v, want %s of %s", version, b.Version(), b.Minor())
	}
}

// testSchemas looks into OpenAPI, which the old releases get from elsewhere
// than their authors intended.
func testSchemas(t *testing.T, api *api) {
	t.Helper()
	var openapi struct {
		Definitions map[string]struct{ Properties map[string]any }
	}
	api.get(t, "/openapi/v2", &openapi)
	for name, property := range map[string]string{
		"io.k8s.api.apps.v1.Deployment":                                 "spec",
		"io.k8s.api.core.v1.PodSpec":                                    "containers",
		"io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService": "spec",
	} {
		if openapi.Definitions[name].Properties[property] == nil {
			t.Errorf("OpenAPI has no %s of %s", property, name)
		}
	}
}

// testCustomResource makes a kind and an object of it.
func testCustomResource(t *testing.T, minor string, api *api) {
	t.Helper()
	const schema = `{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}`
	version, spec := "v1", `"versions":[{"name":"v1","served":true,"storage":true,"schema":`+schema+`}]`
	if minor == "1.15" {
		version, spec = "v1beta1", `"version":"v1","validation":`+schema
	}
	api.post(t, "/apis/apiextensions.k8s.io/"+version+"/customresourcedefinitions", fmt.Sprintf(
		`{"apiVersion":"apiextensions.k8s.io/%s","kind":"CustomResourceDefinition","metadata":{"name":"things.example.com"},
		"spec":{"group":"example.com","scope":"Namespaced","names":{"kind":"Thing","plural":"things"},%s}}`, version, spec))
	path := "/apis/example.com/v1/namespaces/default/things"
	await(t, "the new kind", func() error {
		_, err := api.do(t.Context(), http.MethodGet, path, "")
		return err
	})
	api.post(t, path, `{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"one"},"spec":{"size":1}}`)
}

// testNodes expects want nodes, each with a network of its own.
func testNodes(t *testing.T, api *api, want int) {
	t.Helper()
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Spec     struct {
				PodCIDR, ProviderID string
				Taints              []any
			}
			Status struct{ Allocatable map[string]string }
		}
	}
	api.get(t, "/api/v1/nodes", &list)
	if len(list.Items) != want {
		t.Fatalf("%d nodes, want %d", len(list.Items), want)
	}
	pods, seen := netip.MustParsePrefix("100.64.0.0/15"), map[string]bool{}
	for _, node := range list.Items {
		cidr, err := netip.ParsePrefix(node.Spec.PodCIDR)
		if err != nil || cidr.Bits() != 24 || !pods.Contains(cidr.Addr()) || seen[node.Spec.PodCIDR] {
			t.Errorf("%s has podCIDR %q, want a /24 of its own in %s", node.Metadata.Name, node.Spec.PodCIDR, pods)
		}
		seen[node.Spec.PodCIDR] = true
		if node.Spec.ProviderID != "example://zone-1/"+node.Metadata.Name {
			t.Errorf("%s has providerID %q", node.Metadata.Name, node.Spec.ProviderID)
		}
		if len(node.Spec.Taints) != 0 {
			t.Errorf("%s has taints %v", node.Metadata.Name, node.Spec.Taints)
		}
		if got := node.Status.Allocatable; got["cpu"] != "3" || got["memory"] != "4Gi" || got["pods"] != "110" {
			t.Errorf("%s offers %v", node.Metadata.Name, got)
		}
	}
}

const (
	deploymentPath = "/apis/apps/v1/namespaces/default/deployments/web"
	daemonSetPath  = "/apis/apps/v1/namespaces/kube-system/daemonsets/agent"
)

// workload is a Deployment or DaemonSet with a container and an init container.
func workload(kind, name, replicas string, hostNetwork bool) string {
	return fmt.Sprintf(`{"apiVersion":"apps/v1","kind":%q,"metadata":{"name":%q},"spec":{%s
		"selector":{"matchLabels":{"app":%[2]q}},
		"template":{"metadata":{"labels":{"app":%[2]q}},"spec":{"hostNetwork":%[4]t,
			"initContainers":[{"name":"first","image":"example/first"}],
			"containers":[{"name":"main","image":"example/main","securityContext":{"privileged":true}}]}}}}`,
		kind, name, replicas, hostNetwork)
}

func testWorkloads(t *testing.T, api *api, nodes int) {
	t.Helper()
	begin := time.Now()
	api.post(t, filepath.Dir(deploymentPath), workload("Deployment", "web", `"replicas":2,`, false))
	api.post(t, filepath.Dir(daemonSetPath), workload("DaemonSet", "agent", "", true))
	api.await(t, deploymentPath, "readyReplicas", 2)
	api.await(t, daemonSetPath, "numberReady", nodes)
	t.Logf("workloads ready after %v", time.Since(begin).Round(10*time.Millisecond))
}

// testRestart stops the API server and starts it again: the same objects are
// there, at the same address.
func testRestart(t *testing.T, b *bed.Bed, api *api) {
	t.Helper()
	before := b.PIDs()[bed.APIServer]
	if err := b.StopComponent(bed.APIServer); err != nil {
		t.Fatal(err)
	}
	if _, err := api.do(t.Context(), http.MethodGet, "/version", ""); err == nil {
		t.Error("the API server still answers after StopComponent")
	}
	if err := b.StartComponent(within(t, 2*time.Minute), bed.APIServer); err != nil {
		t.Fatal(err)
	}
	if after := b.PIDs()[bed.APIServer]; after == before || after == 0 {
		t.Errorf("the API server is process %d after a restart, and was %d before", after, before)
	}
	api.await(t, deploymentPath, "readyReplicas", 2)
}

// testRecovery kills the scheduler and expects another one.
func testRecovery(t *testing.T, b *bed.Bed) {
	t.Helper()
	before := b.PIDs()[bed.Scheduler]
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "another scheduler", func() error {
		if after := b.PIDs()[bed.Scheduler]; after == before || after == 0 {
			return errors.New("there is none")
		}
		return nil
	})
}

func testStop(t *testing.T, b *bed.Bed) {
	t.Helper()
	pids := b.PIDs()
	if len(pids) != len(b.Components()) {
		t.Errorf("%d processes for %v", len(pids), b.Components())
	}
	if _, err := bed.Open(b.Dir()); err != nil {
		t.Error(err)
	}
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	for name, pid := range pids {
		if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
			t.Errorf("%s, process %d, is there after Stop: %v", name, pid, err)
		}
	}
	if _, err := os.Stat(b.Dir()); !os.IsNotExist(err) {
		t.Errorf("%s is there after Stop: %v", b.Dir(), err)
	}
	if _, err := bed.Open(b.Dir()); !errors.Is(err, bed.ErrNoBed) {
		t.Errorf("Open after Stop: %v", err)
	}
}
