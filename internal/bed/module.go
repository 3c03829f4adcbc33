package bed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// WriteModule makes the nested module testdata/bed/kube-<minor> for an exact
// release, for example "1.37.1", or moves an existing one to that release. It
// downloads the release's source, and says what it does on log.
func WriteModule(ctx context.Context, version string, log io.Writer) (dir string, err error) {
	version = "v" + strings.TrimPrefix(version, "v")
	minor := minorNumber(version)
	if minor == 0 || strings.Count(version, ".") != 2 {
		return "", fmt.Errorf("%q is no release of Kubernetes: name one as 1.37.1", version)
	}
	source, err := findSource()
	if err != nil {
		return "", err
	}
	upstream, err := downloadGoMod(ctx, source, version)
	if err != nil {
		return "", err
	}
	dir = filepath.Join(source, fmt.Sprintf("%s1.%d", kubePrefix, minor))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(kubeGoMod(version, upstream)), 0o644); err != nil {
		return "", err
	}
	if err := linkMain(dir, minor); err != nil {
		return "", err
	}
	fmt.Fprintf(log, "bed: wrote %s, now go mod tidy\n", filepath.Join(dir, "go.mod"))
	return dir, tidy(ctx, dir, minor)
}

// downloadGoMod returns the go.mod of a release of Kubernetes.
func downloadGoMod(ctx context.Context, source, version string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", kubernetesModule+"@"+version)
	cmd.Dir, cmd.Env = filepath.Join(source, "shared"), buildEnv()
	out, err := cmd.Output()
	var answer struct{ GoMod, Error string }
	if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil || answer.Error != "" {
		return "", fmt.Errorf("download Kubernetes %s: %v %s", version, err, answer.Error)
	}
	text, err := os.ReadFile(answer.GoMod)
	return string(text), err
}

// corrections replace what the old releases pin and what no longer works:
// reflect2 1.0.1 panics with the maps of a current Go at the first custom
// resource, and vbom.ml, gone, was a name of the other.
var corrections = map[string]string{
	"github.com/modern-go/reflect2": "github.com/modern-go/reflect2 v1.0.2",
	"vbom.ml/util":                  "github.com/fvbommel/util v0.0.0-20160121211510-db5cfe13f5cc",
}

// criAPI1169 is the first release of cri-api that matches 1.16: of v0.16.9
// there is none that the release builds with.
const criAPI1169 = "k8s.io/cri-api v0.16.8"

// kubeGoMod derives a nested module's go.mod from that of the release. There,
// the k8s.io modules are folders of the same tree; here they are the modules
// that are published with it, v0.36.4 for v1.36.4.
func kubeGoMod(version, upstream string) string {
	minor := minorNumber(version)
	shared := []string{"shared"}
	language := goLine(upstream)
	if lacksOpenAPI(minor) {
		shared = []string{"oldapi", "shared"}
		language = "1.16" // for go:embed; below 1.17 no indirect requirements are listed
	}
	var text strings.Builder
	fmt.Fprintf(&text, "module %s/testdata/bed/%s1.%d\n\ngo %s\n\nrequire (\n", projectModule, kubePrefix, minor, language)
	for _, name := range shared {
		fmt.Fprintf(&text, "\t%s/testdata/bed/%s v0.0.0\n", projectModule, name)
	}
	fmt.Fprintf(&text, "\t%s %s\n)\n\nreplace (\n", kubernetesModule, version)
	for _, name := range shared {
		fmt.Fprintf(&text, "\t%s/testdata/bed/%s => ../%s\n", projectModule, name, name)
	}
	for line := range strings.Lines(upstream) {
		if module, target, ok := replacement(line, version); ok {
			fmt.Fprintf(&text, "\t%s => %s\n", module, target)
		}
	}
	text.WriteString(")\n")
	return text.String()
}

// replacement reads a line of upstream's replace block and returns what takes
// its place.
func replacement(line, version string) (module, target string, ok bool) {
	line, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "replace "), " //")
	module, target, ok = strings.Cut(line, " => ")
	if !ok || module == kubernetesModule {
		return "", "", false
	}
	if staged, ok := strings.CutPrefix(target, "./staging/src/"); ok {
		target = staged + " v0." + strings.TrimPrefix(version, "v1.")
	}
	if corrected, ok := corrections[module]; ok && lacksOpenAPI(minorNumber(version)) {
		target = corrected
	}
	if module == "k8s.io/cri-api" && version == "v1.16.9" {
		target = criAPI1169
	}
	return module, target, true
}

// goLine returns the language version of a go.mod.
func goLine(gomod string) string {
	for line := range strings.Lines(gomod) {
		if version, ok := strings.CutPrefix(line, "go "); ok {
			return strings.TrimSpace(version)
		}
	}
	return ""
}

// linkMain gives a new module the main.go of its generation, as a link.
func linkMain(dir string, minor int) error {
	model := "../kube-1.36/main.go"
	if lacksOpenAPI(minor) {
		model = "../kube-1.18/main.go"
	}
	err := os.Symlink(model, filepath.Join(dir, "main.go"))
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// tidy completes go.mod and writes go.sum, with the package that exists only
// in an overlay in its place.
func tidy(ctx context.Context, dir string, minor int) error {
	args := []string{"mod", "tidy"}
	if minor <= 15 { // tests of its requirements import what is long gone
		args = append(args, "-e")
	}
	if lacksOpenAPI(minor) {
		work, err := os.MkdirTemp("", "fitout-bed-tidy-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work)
		overlay, err := prepareOldAPI(ctx, dir, work)
		if err != nil {
			return err
		}
		args = append(args, "-overlay", overlay)
	}
	return runGo(ctx, dir, args...)
}
