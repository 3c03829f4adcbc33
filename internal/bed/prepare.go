package bed

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A step makes files in work before the program of the module in dir is
// built there. It returns the -overlay file that the build needs, or "".
type step func(ctx context.Context, dir, work string) (overlay string, err error)

// lacksOpenAPI tells whether the Go module of a release lacks the generated
// pkg/generated/openapi/zz_generated.openapi.go, so that its API server does
// not build as it is.
func lacksOpenAPI(minor int) bool { return minor <= 18 }

// oldAPIFiles is cmd/kube-apiserver/app of the releases up to 1.18: server.go
// imports the definitions that are missing, the other two belong to it.
var oldAPIFiles = []string{"server.go", "aggregator.go", "apiextensions.go"}

const (
	missingImport = `"k8s.io/kubernetes/pkg/generated/openapi"`
	oldAPIImport  = `"` + projectModule + `/testdata/bed/oldapi"`

	// oldAPIGlue hands the release's swagger.json and types to package oldapi.
	oldAPIGlue = `package app

import (
	_ "embed"

	"k8s.io/kubernetes/pkg/api/legacyscheme"

	"` + projectModule + `/testdata/bed/oldapi"
)

//go:embed swagger.json
var swagger []byte

func init() {
	oldapi.Swagger = swagger
	oldapi.KnownTypes = func() []string {
		var names []string
		for _, t := range legacyscheme.Scheme.AllKnownTypes() {
			names = append(names, t.PkgPath()+"."+t.Name())
		}
		return names
	}
}
`
)

// prepareOldAPI makes the package oldapi/apiserver: the API server command of
// an old release with its one missing import replaced. The package exists in
// an overlay only, so the checkout stays clean; files of the module cache
// themselves cannot be overlaid.
func prepareOldAPI(ctx context.Context, dir, work string) (string, error) {
	kubernetes, err := moduleDir(ctx, dir, kubernetesModule)
	if err != nil {
		return "", err
	}
	target := filepath.Join(filepath.Dir(dir), "oldapi", "apiserver")
	replace := map[string]string{
		filepath.Join(target, "swagger.json"): filepath.Join(kubernetes, "api", "openapi-spec", "swagger.json"),
	}
	put := func(name string, text []byte) error {
		file := filepath.Join(work, name)
		replace[filepath.Join(target, name)] = file
		return os.WriteFile(file, text, 0o644)
	}
	for _, name := range oldAPIFiles {
		text, err := os.ReadFile(filepath.Join(kubernetes, "cmd", "kube-apiserver", "app", name))
		if err != nil {
			return "", err
		}
		if err := put(name, bytes.ReplaceAll(text, []byte(missingImport), []byte(oldAPIImport))); err != nil {
			return "", err
		}
	}
	if err := put("swagger.go", []byte(oldAPIGlue)); err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(work, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o644)
}

const stagesFile = "stages.yaml"

// moreStages follow kwok's own.
//
//go:embed stages.yaml
var moreStages string

// defaultStages makes a node Ready, keeps it so through its lease, runs and
// ends pods. They belong to the kwok release, but not to its program.
var defaultStages = []string{
	"node/fast/node-initialize.yaml",
	"node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
	"pod/fast/pod-ready.yaml",
	"pod/fast/pod-complete.yaml",
	"pod/fast/pod-delete.yaml",
}

// collectStages writes the stages of the kwok release and ours to one file.
func collectStages(ctx context.Context, dir, work string) (string, error) {
	kwok, err := moduleDir(ctx, dir, kwokModule)
	if err != nil {
		return "", err
	}
	var all bytes.Buffer
	for _, name := range defaultStages {
		text, err := os.ReadFile(filepath.Join(kwok, "kustomize", "stage", name))
		if err != nil {
			return "", fmt.Errorf("%w: this release of kwok keeps its stages elsewhere, correct defaultStages", err)
		}
		fmt.Fprintf(&all, "---\n%s\n", bytes.TrimSpace(text))
	}
	fmt.Fprintf(&all, "---\n%s", moreStages)
	return "", os.WriteFile(filepath.Join(work, stagesFile), all.Bytes(), 0o644)
}

// moduleDir returns the folder in the module cache that holds a requirement
// of the module in dir, and downloads it when it is not there.
func moduleDir(ctx context.Context, dir, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = dir
	cmd.Env = buildEnv()
	out, err := cmd.Output()
	var answer struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil || answer.Error != "" {
		return "", fmt.Errorf("go mod download %s: %v %s", module, err, strings.TrimSpace(answer.Error))
	}
	return answer.Dir, err
}
