package credential_test

import (
	"testing"

	"github.com/fitout-dev/fitout/pkg/credential"
	"github.com/google/go-cmp/cmp"
)

func TestHide(t *testing.T) {
	type list = []any
	type fields = map[string]any
	for name, test := range map[string]struct {
		path     string
		in, want any
	}{
		"arguments":       {"args", list{"-conf", "/etc/coredns/Corefile", "--token=hunter2", "--db-url=postgres://u:hunter2@h/x", "--password", "hunter2", "-v=2"}, list{"-conf", "/etc/coredns/Corefile", "--token=(hidden)", "--db-url=postgres://(hidden)@h/x", "--password", "(hidden)", "-v=2"}},
		"a command":       {"command", list{"sh", "-c", "curl -H 'Authorization: Bearer hunter2' h"}, list{"sh", "-c", "curl -H 'Authorization: Bearer (hidden)' h"}},
		"headers":         {"httpHeaders", list{fields{"name": "Authorization", "value": "Bearer hunter2"}, fields{"name": "X-Auth-Token", "value": "hunter2"}, fields{"name": "Cookie", "value": "a"}, fields{"name": "Host", "value": "h"}}, list{fields{"name": "Authorization", "value": "(hidden)"}, fields{"name": "X-Auth-Token", "value": "(hidden)"}, fields{"name": "Cookie", "value": "(hidden)"}, fields{"name": "Host", "value": "h"}}},
		"annotations":     {"metadata.annotations", fields{"hook": "https://u:hunter2@h/", "api-key": "hunter2", "note": "a"}, fields{"hook": "https://(hidden)@h/", "api-key": "(hidden)", "note": "a"}},
		"an annotation":   {"metadata.annotations.password", "hunter2", "(hidden)"},
		"an image":        {"spec.image", "registry.example.org/a:v1@sha256:0123456789abcdef", "registry.example.org/a:v1@sha256:0123456789abcdef"},
		"numbers":         {"spec.replicas", int64(2), int64(2)},
		"a truth":         {"spec.automountServiceAccountToken", false, false},
		"a Secret's name": {"volumes.secret", fields{"secretName": "a"}, fields{"secretName": "a"}},
		"nothing":         {"a", nil, nil},
	} {
		if diff := cmp.Diff(test.want, credential.HideAt(test.path, test.in)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
