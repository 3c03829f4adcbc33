package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// kubeScore is the tool; it is built from source on its first use, and kept in Go's build cache.
const kubeScore = "github.com/zegl/kube-score/cmd/kube-score@v1.20.0"

// score runs kube-score over all objects of a bundle.
func score(ctx context.Context, b renderedBundle) ([]finding, error) {
	var text, stdout, stderr bytes.Buffer
	if err := manifest.Write(&text, b.objects); err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, cmp.Or(os.Getenv("GO"), "go"), "run", kubeScore, "score", "--kubernetes-version", "v"+b.minor,
		"--disable-ignore-checks-annotations", "--disable-optional-checks-annotations", "--output-format", "json", "-")
	c.Stdin, c.Stdout, c.Stderr = &text, &stdout, &stderr
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("kube-score: %w; put go on the PATH, or name it in the variable GO", err)
	}
	found, parseErr := parseScore(stdout.Bytes())
	if parseErr != nil { // it exits with 1 also where it only finds something
		return nil, fmt.Errorf("kube-score: %w: %v: %s; go run %s needs the module proxy or a module cache that has it", parseErr, err, stderr.Bytes(), kubeScore)
	}
	return found, nil
}

// warning is the best grade of kube-score that is a finding; critical is below it, and what is good above.
const warning = 5

// parseScore reads the JSON output of kube-score. A finding is one test on one object, whatever the containers.
func parseScore(text []byte) ([]finding, error) {
	var scored []struct {
		TypeMeta struct {
			Kind string `json:"kind"`
		} `json:"type_meta"`
		ObjectMeta struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"object_meta"`
		Checks []struct {
			Check struct {
				ID       string `json:"id"`
				Optional bool   `json:"optional"`
			} `json:"check"`
			Grade   int  `json:"grade"`
			Skipped bool `json:"skipped"`
		} `json:"checks"`
	}
	if err := json.Unmarshal(text, &scored); err != nil {
		return nil, fmt.Errorf("its output is no list of scores: %w", err)
	}
	var found []finding
	for _, o := range scored {
		id := manifest.ID{Kind: o.TypeMeta.Kind, Namespace: o.ObjectMeta.Namespace, Name: o.ObjectMeta.Name}
		for _, c := range o.Checks {
			if !c.Skipped && !c.Check.Optional && c.Grade <= warning {
				found = append(found, finding{scoreRule, id.String(), strings.TrimSpace(c.Check.ID)})
			}
		}
	}
	return found, nil
}
