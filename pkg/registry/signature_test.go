package registry_test

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/registry"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
)

const signatureType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// Signatures are found with and without a registry that lists referrers, each with what it holds; other artifacts that refer to the same are not taken for one.
func TestSignatures(t *testing.T) {
	for name, referrers := range map[string]bool{"that lists referrers": true, "that does not": false} {
		t.Run("a registry "+name, func(t *testing.T) {
			server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithReferrersSupport(referrers)))
			defer server.Close()
			host := strings.TrimPrefix(server.URL, "http://")
			_, digest, err := client().Push(bundle, ref(t, host+"/a:v1"))
			if err != nil {
				t.Fatal(err)
			}
			signed := ref(t, host+"/a@"+digest)
			if got, err := client().Signatures(signed, signatureType); err != nil || len(got) != 0 {
				t.Errorf("before there is one: %d, error %v", len(got), err)
			}
			for _, text := range []string{"first", "second"} {
				if _, err := client().Attach([]byte(text), signatureType, nil, signed); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := client().Attach([]byte("a list"), "application/vnd.cyclonedx+json", nil, signed); err != nil {
				t.Fatal(err)
			}
			got, err := client().Signatures(signed, signatureType)
			if all := string(got[0]) + " " + string(got[1]); err != nil || len(got) != 2 || all != "first second" && all != "second first" {
				t.Errorf("%q, error %v", got, err)
			}
			if _, err := client().Attach([]byte("x"), signatureType, nil, ref(t, host+"/a@sha256:"+strings.Repeat("0", 64))); err == nil {
				t.Error("a signature was attached to what is not there")
			}
		})
	}
}

// Who may write to a repository cannot make a run read without end.
func TestManySignatures(t *testing.T) {
	host := serve(t, nil)
	_, digest, err := client().Push(bundle, ref(t, host+"/a:v1"))
	if err != nil {
		t.Fatal(err)
	}
	signed := ref(t, host+"/a@"+digest)
	if _, err := client().Attach(make([]byte, 2<<20), signatureType, nil, signed); err != nil {
		t.Fatal(err)
	}
	if _, err := client().Signatures(signed, signatureType); err == nil || !strings.Contains(err.Error(), "more than 1048576 bytes") {
		t.Errorf("a huge signature: %v", err)
	}
	other := registry.Artifact{Layer: []byte("other")}
	_, digest, err = client().Push(other, ref(t, host+"/b:v1"))
	if err != nil {
		t.Fatal(err)
	}
	signed = ref(t, host+"/b@"+digest)
	for n := range 101 {
		if _, err := client().Attach(fmt.Append(nil, n), signatureType, nil, signed); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client().Signatures(signed, signatureType); err == nil || !strings.Contains(err.Error(), "more than 100") {
		t.Errorf("101 signatures: %v", err)
	}
	if _, err := client().Signatures(image.Reference{Registry: host, Path: "b", Tag: "v1"}, signatureType); err == nil {
		t.Error("signatures of a tag were asked for")
	}
}
