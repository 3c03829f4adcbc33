package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A maintainer's catalogue gets another version: text, tags and digests, and what that does to a cluster is told.
func TestBump(t *testing.T) {
	server := serveCatalogues(t)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	fresh := server.push(t, "/own:v1.0.3", packed(t, ownFiles()))
	for _, tag := range []string{"v1.0.0", "v1.0.1", "v1.1.0", "v2.0.0-rc.1"} {
		server.push(t, "/own:"+tag, packed(t, ownFiles()))
	}
	files := ownFiles()
	files["bundles/1.36.yaml"] = strings.Replace(files["bundles/1.36.yaml"], "  own: {chart: \"1\", version: 1.0.0}", "  # Ours.\n  own:\n    chart: \"1\"\n    version: 1.0.0\n    images:\n      own: "+server.host()+"/own:v1.0.0", 1)
	files["addons/own/1/values.yaml"] = "images: {own: ''}\n"
	files["addons/own/1/templates/account.yaml"] = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: own, namespace: kube-system}\nspec:\n  selector: {matchLabels: {a: own}}\n  template:\n    metadata: {labels: {a: own}}\n    spec: {containers: [{name: own, image: {{ .Values.images.own | quote }}}]}\n"
	dir := write(t, files)
	at := filepath.Join(dir, "bundles/1.36.yaml")

	out, _, err := invoke("bump", "--check", "--in", dir)
	if err != nil || !strings.Contains(out, "v1.0.0   v1.0.3   v1.1.0") {
		t.Errorf("check: %v\n%s", err, out)
	}
	if text, err := os.ReadFile(at); err != nil || string(text) != files["bundles/1.36.yaml"] {
		t.Errorf("--check has edited: %v\n%s", err, text)
	}
	out, _, err = invoke("bump", "own", "1.0.3", "--in", dir)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(at)
	want := strings.NewReplacer("version: 1.0.0", "version: 1.0.3", "own:v1.0.0", "own:v1.0.3@"+fresh).Replace(files["bundles/1.36.yaml"])
	if err != nil || string(text) != want {
		t.Errorf("%v\n%s", err, text)
	}
	for _, line := range []string{"### Kubernetes 1.36: 1.0.0 to 1.0.3", "* support by upstream: tested", "Deployment"} {
		if !strings.Contains(out, line) {
			t.Errorf("%q is not in\n%s", line, out)
		}
	}
	server.Close()
	if out, _, err = invoke("bump", "--check", "--in", dir); err != nil || !strings.Contains(out, "v1.1.0") {
		t.Errorf("the tags were asked for again: %v\n%s", err, out)
	}
	for want, args := range map[string][]string{
		"no bundle of " + dir + " has an older version of own in the release line of 1.0.3; name bundles with --bundle": {"bump", "own", "1.0.3", "--in", dir},
		"has no bundles/1.99.yaml":          {"bump", "own", "1.0.4", "--in", dir, "--bundle", "1.99"},
		"has neither a folder addons nor":   {"bump", "own", "1.0.4", "--in", filepath.Join(dir, "addons")},
		"is no exact version":               {"bump", "own", "v1", "--in", dir},
		"bump takes an addon and a version": {"bump", "own", "--in", dir},
	} {
		if _, _, err := invoke(args...); err == nil || exitCode(err) != 2 || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
