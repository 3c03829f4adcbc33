package registry_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

var bundle = registry.Artifact{Layer: []byte("what a cluster gets"), Annotations: map[string]string{"org.opencontainers.image.title": "Fitout bundle"}}

// What is pushed is pulled again, by tag and by digest; it is one layer of the type that Flux and Argo CD read.
func TestPushPull(t *testing.T) {
	host := serve(t, nil)
	want, err := bundle.Digest()
	if err != nil {
		t.Fatal(err)
	}
	for n, outcome := range []registry.Outcome{registry.Copied, registry.Present} {
		got, digest, err := client().Push(bundle, ref(t, host+"/clusters/eu-1:v1"))
		if err != nil || got != outcome || digest != want {
			t.Fatalf("push %d: %s %s %v, want the digest %s", n, got, digest, err, want)
		}
	}
	for _, text := range []string{host + "/clusters/eu-1:v1", host + "/clusters/eu-1@" + want} {
		got, digest, err := client().Pull(ref(t, text))
		if err != nil || string(got.Layer) != string(bundle.Layer) || digest != want || got.Annotations["org.opencontainers.image.title"] != "Fitout bundle" {
			t.Errorf("%s: %q %s %v", text, got.Layer, digest, err)
		}
	}
	answer, err := http.Get("http://" + host + "/v2/clusters/eu-1/manifests/v1")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var manifest v1.Manifest
	if err := json.NewDecoder(answer.Body).Decode(&manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.ArtifactType != "application/vnd.fitout.bundle.v1" || manifest.Config.MediaType != "application/vnd.oci.empty.v1+json" || len(manifest.Layers) != 1 ||
		manifest.Layers[0].MediaType != "application/vnd.oci.image.layer.v1.tar+gzip" {
		t.Errorf("%+v", manifest)
	}
}

// What is no bundle, or has other bytes than its manifest says, is not read.
func TestPullRefuses(t *testing.T) {
	digest, err := bundle.Digest()
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"is no bundle of Fitout": func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/manifests/") {
				w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
				fmt.Fprint(w, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"\u001b[2J"}`)
				return false
			}
			return true
		},
		"error verifying sha256": func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/blobs/sha256:") && r.Method == http.MethodGet {
				fmt.Fprint(w, "what a cluster GETS")
				return false
			}
			return true
		},
		"more than": func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, "/manifests/") && r.Method == http.MethodGet {
				w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
				fmt.Fprintf(w, `{"schemaVersion":2,"artifactType":%q,"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":%d,"digest":"sha256:%064d"}]}`, registry.ArtifactType, 1<<40, 0)
				return false
			}
			return true
		},
	}
	for want, answer := range answers {
		var hostile bool
		host := serve(t, func(w http.ResponseWriter, r *http.Request) bool { return !hostile || answer(w, r) })
		if _, _, err := client().Push(bundle, ref(t, host+"/a:v1")); err != nil {
			t.Fatal(err)
		}
		hostile = true
		if _, _, err := client().Pull(ref(t, host+"/a:v1")); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %v", want, err)
		}
	}
	host := serve(t, nil)
	if _, _, err := client().Push(registry.Artifact{Layer: []byte("other")}, ref(t, host+"/a:v1")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := client().Pull(ref(t, host+"/a@"+digest)); err == nil {
		t.Error("another artifact than the digest names was read")
	}
}
