//go:build linux

package clusterbed

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// BundleImages asks fitout which images a bundle runs, for each of the given
// ingress controllers.
func BundleImages(ctx context.Context, fitout, minor, cni string, ingress ...string) ([]string, error) {
	var images []string
	for _, controller := range ingress {
		cmd := exec.CommandContext(ctx, fitout, "render", "--kubernetes", minor, "--cni", cni, "--ingress", controller)
		var errors bytes.Buffer
		cmd.Stderr = &errors
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(errors.Bytes()))
		}
		for line := range strings.Lines(string(out)) {
			line = strings.TrimPrefix(strings.TrimSpace(line), "- ")
			if image, ok := strings.CutPrefix(line, "image: "); ok {
				images = append(images, strings.Trim(image, `"'`))
			}
		}
	}
	return images, nil
}
