package manifest_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
)

// A quantity that takes hours is refused before it is decoded, wherever one may stand; the same text elsewhere is a text.
func TestIntoRefusesCostlyQuantities(t *testing.T) {
	pod := func(cpu, size, note string) map[string]any {
		return map[string]any{
			"metadata": map[string]any{"name": "a", "annotations": map[string]any{"note": note}},
			"spec": map[string]any{
				"containers": []any{map[string]any{"name": "c", "resources": map[string]any{"requests": map[string]any{"cpu": cpu}}}},
				"volumes":    []any{map[string]any{"name": "v", "emptyDir": map[string]any{"sizeLimit": size}}},
			},
		}
	}
	for name, test := range map[string]struct {
		fields map[string]any
		want   string
	}{
		"fine":             {pod("100m", "1e3", "1E-99999999"), ""},
		"in a map":         {pod("1E-99999999", "1", ""), "spec.containers[0].resources.requests.cpu is not a quantity"},
		"behind a pointer": {pod("1", "1e+2000000000", ""), "spec.volumes[0].emptyDir.sizeLimit is not a quantity"},
		"of many digits":   {pod(strings.Repeat("9", 1<<20), "1", ""), "spec.containers[0].resources.requests.cpu is not a quantity"},
	} {
		var into corev1.Pod
		err := manifest.Into(test.fields, &into)
		if test.want == "" && (err != nil || into.Spec.Containers[0].Resources.Requests.Cpu().String() != "100m") || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
