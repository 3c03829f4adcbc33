package bed

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

const (
	projectModule    = "github.com/fitout-dev/fitout"
	kubernetesModule = "k8s.io/kubernetes"
	kwokModule       = "sigs.k8s.io/kwok"
	etcdModule       = "go.etcd.io/etcd/server/v3"
	kubePrefix       = "kube-"
)

// Minors lists the Kubernetes minors that the checkout around the working
// directory has a nested module for, oldest first: "1.18", "1.36".
func Minors() ([]string, error) {
	source, err := findSource()
	if err != nil {
		return nil, err
	}
	modules, err := filepath.Glob(filepath.Join(source, kubePrefix+"1.*", "go.mod"))
	if err != nil {
		return nil, err
	}
	var minors []string
	for _, gomod := range modules {
		minors = append(minors, strings.TrimPrefix(filepath.Base(filepath.Dir(gomod)), kubePrefix))
	}
	sort.Slice(minors, func(i, j int) bool { return minorNumber(minors[i]) < minorNumber(minors[j]) })
	return minors, nil
}

// findSource returns testdata/bed of the checkout around the working directory.
func findSource() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && modulePath(string(text)) == projectModule {
			return filepath.Join(dir, "testdata", "bed"), nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no checkout of %s around %s: run this inside one, the bed is built from its testdata/bed", projectModule, start)
		}
	}
}

// modulePath returns the path in the module line of a go.mod.
func modulePath(gomod string) string {
	for line := range strings.Lines(gomod) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "module" {
			return fields[1]
		}
	}
	return ""
}

// requiredVersion returns the version that a go.mod requires of a module.
func requiredVersion(gomod, module string) (string, error) {
	for line := range strings.Lines(gomod) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == module && strings.HasPrefix(fields[1], "v") {
			return fields[1], nil
		}
	}
	return "", fmt.Errorf("go.mod of %s does not require %s: add the requirement", modulePath(gomod), module)
}

// localReplaces lists the folders, relative to the module, that a go.mod
// replaces modules with.
func localReplaces(gomod string) []string {
	var folders []string
	for line := range strings.Lines(gomod) {
		if _, target, ok := strings.Cut(line, "=> "); ok && strings.HasPrefix(target, "../") {
			folders = append(folders, strings.TrimSpace(target))
		}
	}
	return folders
}

// minorNumber is 36 for "1.36" and for "v1.36.4"; 0 when that is no version
// of Kubernetes 1.
func minorNumber(version string) int {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(version, "v"), "1.")
	if !ok {
		return 0
	}
	number, _, _ := strings.Cut(rest, ".")
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	return n
}
