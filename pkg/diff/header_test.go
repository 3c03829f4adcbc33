package diff_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/diff"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// Credentials in headers of probes, and in URLs of annotations, are hidden wherever they stand.
func TestHeadersAreHidden(t *testing.T) {
	o := &manifest.Object{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": "a", "annotations": map[string]any{"hook": "https://u:hunter2@h/"}},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "c", "livenessProbe": map[string]any{"httpGet": map[string]any{
			"httpHeaders": []any{map[string]any{"name": "Authorization", "value": "Bearer hunter2"}, map[string]any{"name": "Host", "value": "shown"}}}}}}},
	}}
	text := diff.Object(o, nil, nil)
	if strings.Contains(text, "hunter2") || !strings.Contains(text, "https://(hidden)@h/") || !strings.Contains(text, "value: shown") {
		t.Error(text)
	}
}
