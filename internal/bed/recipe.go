package bed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// A recipe says how one nested module becomes one program.
type recipe struct {
	name    string // of the module's folder, of the artifact
	dir     string // the module's folder
	program string // file name of the program inside the artifact
	target  string // what `go build` is given
	tags    string // build tags, separated by commas
	ldflags string
	version string // of the main requirement, for example v1.36.4
	cpu     string // how much work a build from nothing is, for people
	steps   []step // made next to the program before it is built
	extra   string // what the steps take from this package, for the key
}

// recipes returns what a bed of the given minor consists of: the control
// plane, etcd and kwok.
func recipes(source, minor string) ([]recipe, error) {
	kube, err := kubeRecipe(source, minor)
	if err != nil {
		return nil, err
	}
	etcd, err := toolRecipe(source, "etcd", etcdModule)
	if err != nil {
		return nil, err
	}
	etcd.cpu = "1 CPU minute"
	kwok, err := toolRecipe(source, "kwok", kwokModule)
	if err != nil {
		return nil, err
	}
	kwok.cpu = "2 CPU minutes"
	kwok.steps, kwok.extra = []step{collectStages}, strings.Join(defaultStages, "\n")+moreStages
	return []recipe{kube, etcd, kwok}, nil
}

// toolRecipe is for a module without Go files, whose go.mod names one tool.
func toolRecipe(source, name, module string) (recipe, error) {
	dir := filepath.Join(source, name)
	gomod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return recipe{}, err
	}
	version, err := requiredVersion(string(gomod), module)
	if err != nil {
		return recipe{}, err
	}
	return recipe{name: name, dir: dir, program: name, target: "tool", ldflags: "-s -w", version: version}, nil
}

func kubeRecipe(source, minor string) (recipe, error) {
	dir := filepath.Join(source, kubePrefix+minor)
	gomod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if errors.Is(err, fs.ErrNotExist) {
		known, _ := Minors()
		return recipe{}, fmt.Errorf("no bed for Kubernetes %q: there are %s; `go run ./testdata/bed module VERSION` makes another", minor, strings.Join(known, ", "))
	}
	if err != nil {
		return recipe{}, err
	}
	version, err := requiredVersion(string(gomod), kubernetesModule)
	if err != nil {
		return recipe{}, err
	}
	r := recipe{
		name: kubePrefix + minor, program: "kube", target: ".", version: version, cpu: "8 CPU minutes",
		dir:     dir,
		ldflags: versionFlags(version),
		tags:    kubeTags(minorNumber(version)),
	}
	if lacksOpenAPI(minorNumber(version)) {
		r.cpu = "3 CPU minutes"
		r.steps, r.extra = []step{prepareOldAPI}, strings.Join(oldAPIFiles, "\n")+oldAPIGlue
	}
	return r, nil
}

// versionFlags stamps the release into the program. What /version answers
// lives in component-base; in 1.15 in client-go and in the main module. The
// linker ignores the variables that a release does not have.
func versionFlags(version string) string {
	flags := "-s -w"
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version", "k8s.io/kubernetes/pkg/version"} {
		flags += fmt.Sprintf(" -X %s.gitVersion=%s -X %[1]s.gitMajor=1 -X %[1]s.gitMinor=%[3]d", pkg, version, minorNumber(version))
	}
	return flags
}

// kubeTags leaves the cloud providers out where they were part of the tree:
// half the source of an old release. The tag came with 1.16; the providers
// were gone by 1.31.
func kubeTags(minor int) string {
	if minor >= 16 && minor <= 30 {
		return "providerless"
	}
	return ""
}

// arguments is the `go` command line that builds the recipe to a file.
// overlay may be empty.
func (r recipe) arguments(output, overlay string) []string {
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", r.ldflags, "-o", output}
	if r.tags != "" {
		args = append(args, "-tags", r.tags)
	}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	return append(args, r.target)
}

// key names the recipe's result: it changes with the Go toolchain, with the
// recipe, with any file of the module and with those of the local modules that
// it replaces others with.
func (r recipe) key(toolchain string) (string, error) {
	gomod, err := os.ReadFile(filepath.Join(r.dir, "go.mod"))
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\n%q\n%s\n", toolchain, r.arguments("", ""), r.extra)
	for _, folder := range append([]string{"."}, localReplaces(string(gomod))...) {
		if err := hashFolder(hash, r.dir, folder); err != nil {
			return "", fmt.Errorf("cache key of %s: %w", r.name, err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// hashFolder writes the names and contents of a folder's files to hash, in
// order. The names are relative to base, so that two checkouts agree.
func hashFolder(hash interface{ Write([]byte) (int, error) }, base, folder string) error {
	var files []string
	err := filepath.WalkDir(filepath.Join(base, folder), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.HasSuffix(path, "_test.go") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	sort.Strings(files)
	for _, path := range files {
		text, err := os.ReadFile(path) // follows a link: a main.go may be shared that way
		if err != nil {
			return err
		}
		name, err := filepath.Rel(base, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(hash, "%s %d\n", filepath.ToSlash(name), len(text))
		if _, err := hash.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// toolchain describes the Go that builds, for example "go1.26.8 linux/amd64".
func toolchain(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOOS", "GOARCH").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w: the bed is built from source, install Go", err)
	}
	fields := strings.Fields(string(out))
	if len(fields) != 3 {
		return "", fmt.Errorf("go env answered %q, expected a version, an OS and an architecture", out)
	}
	return fields[0] + " " + fields[1] + "/" + fields[2], nil
}
