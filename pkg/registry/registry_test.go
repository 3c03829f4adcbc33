package registry_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/registry"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// serve starts a registry on this machine behind a handler, and returns its host.
func serve(t *testing.T, before func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	inner := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before == nil || before(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func client() *registry.Client {
	return registry.New(context.Background(), registry.Options{UserAgent: "test", Pause: time.Millisecond, Keychain: authn.NewMultiKeychain()})
}

func ref(t *testing.T, text string) image.Reference {
	t.Helper()
	r, err := image.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// push puts an index of two platforms into a registry and returns its digest.
func push(t *testing.T, at string) string {
	t.Helper()
	index := mutate.IndexMediaType(mustIndex(t), "application/vnd.oci.image.index.v1+json")
	for _, arch := range []string{"arm64", "amd64"} {
		img, err := random.Image(1024, 2)
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	target, err := name.ParseReference(at)
	if err == nil {
		err = remote.WriteIndex(target, index)
	}
	if err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func mustIndex(t *testing.T) v1.ImageIndex {
	t.Helper()
	index, err := random.Index(64, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func TestResolve(t *testing.T) {
	host := serve(t, nil)
	digest := push(t, host+"/a/b:v1")
	got, err := client().Resolve(ref(t, host+"/a/b:v1"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(registry.Resolved{Digest: digest, Platforms: []string{"linux/amd64", "linux/arm64"}}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := client().Resolve(ref(t, host+"/a/b:v2")); err == nil || !strings.HasSuffix(err.Error(), "check the name and the tag") {
		t.Errorf("an image that is not there: %v", err)
	}
}

// A copy has the same digest; a second one copies nothing; one from a folder is the same.
func TestCopySaveLoad(t *testing.T) {
	from, to, far := serve(t, nil), serve(t, nil), serve(t, nil)
	digest := push(t, from+"/a/b:v1")
	source := ref(t, from+"/a/b:v1@"+digest)
	for n, want := range []registry.Outcome{registry.Copied, registry.Present} {
		outcome, got, err := client().Copy(source, ref(t, to+"/m/b:v1@"+digest))
		if err != nil || outcome != want || got != digest {
			t.Fatalf("copy %d: %s %s %v", n, outcome, got, err)
		}
	}
	dir := filepath.Join(t.TempDir(), "images")
	for n, want := range []registry.Outcome{registry.Copied, registry.Present} {
		folder, err := registry.CreateLayout(dir)
		if err != nil {
			t.Fatal(err)
		}
		if outcome, got, err := client().Save(source, folder); err != nil || outcome != want || got != digest {
			t.Fatalf("save %d: %s %s %v", n, outcome, got, err)
		}
	}
	folder, err := registry.OpenLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := folder.Entries()
	if err != nil || len(entries) != 1 || entries[0].Reference != source {
		t.Fatalf("entries: %v %v", entries, err)
	}
	if outcome, got, err := client().Load(folder, entries[0], ref(t, far+"/x/b:v1@"+digest)); err != nil || outcome != registry.Copied || got != digest {
		t.Fatalf("load: %s %s %v", outcome, got, err)
	}
	if got, err := client().Resolve(ref(t, far+"/x/b@"+digest)); err != nil || len(got.Platforms) != 2 {
		t.Errorf("loaded: %v %v", got, err)
	}
}

// A copy that was broken off goes on where it stopped: the blobs that are there are not sent again.
func TestCopyGoesOn(t *testing.T) {
	from := serve(t, nil)
	digest := push(t, from+"/a/b:v1")
	var uploads, allowed atomic.Int32
	allowed.Store(2)
	to := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/blobs/uploads/") {
			if uploads.Add(1) > allowed.Load() {
				http.Error(w, "disk full", http.StatusInsufficientStorage)
				return false
			}
		}
		return true
	})
	if _, _, err := client().Copy(ref(t, from+"/a/b:v1"), ref(t, to+"/a/b:v1")); err == nil {
		t.Fatal("a registry that is full took everything")
	}
	first := uploads.Load()
	allowed.Store(1000)
	outcome, got, err := client().Copy(ref(t, from+"/a/b:v1"), ref(t, to+"/a/b:v1"))
	if err != nil || outcome != registry.Copied || got != digest {
		t.Fatalf("%s %s %v", outcome, got, err)
	}
	if again := uploads.Load() - first; again < 1 || again > 4 { // two images of two layers and a configuration each: six, less those that are there
		t.Errorf("%d blobs were sent the second time, want those that were missing", again)
	}
}

// Faults of registries end with an error that says what was asked for and what to do.
func TestFaults(t *testing.T) {
	good := serve(t, nil)
	digest := push(t, good+"/a/b:v1")
	goodURL, _ := url.Parse("http://" + good)
	other := push(t, good+"/a/b:v2")
	for name, test := range map[string]struct {
		before func(w http.ResponseWriter, r *http.Request) bool
		want   string
	}{
		"limits requests": {func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(http.StatusTooManyRequests)
			return false
		}, "the registry limits requests"},
		"wants a login": {func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(http.StatusForbidden)
			return false
		}, "log in with"},
		"another image than asked for": {func(w http.ResponseWriter, r *http.Request) bool {
			r.URL.Path = strings.Replace(r.URL.Path, digest, other, 1)
			httputil.NewSingleHostReverseProxy(goodURL).ServeHTTP(w, r)
			return false
		}, "digest"},
		"breaks off": {func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Length", "1000")
			w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
			fmt.Fprint(w, "{")
			return false
		}, "read "},
		"endless manifest": {func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
			for range 200 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return false
				}
			}
			return false
		}, "read "},
		"no registry": {func(w http.ResponseWriter, r *http.Request) bool {
			fmt.Fprint(w, "<html>")
			return false
		}, "read "},
	} {
		t.Run(name, func(t *testing.T) {
			host := serve(t, test.before)
			_, _, err := client().Copy(ref(t, host+"/a/b:v1@"+digest), ref(t, good+"/copy/b:v1"))
			if err == nil || !strings.Contains(err.Error(), test.want) || len(err.Error()) > 1000 {
				t.Errorf("%v", err)
			}
		})
	}
}

// A registry that stores something else than what was sent is found out.
func TestWrongDigestAfterwards(t *testing.T) {
	from := serve(t, nil)
	digest := push(t, from+"/a/b:v1")
	var written atomic.Bool
	to := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/v1") {
			written.Store(true)
		} else if r.Method == http.MethodHead && strings.HasSuffix(r.URL.Path, "/manifests/v1") && written.Load() {
			w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("0", 64))
			w.Header().Set("Content-Length", "10")
			w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
			return false
		}
		return true
	})
	if _, _, err := client().Copy(ref(t, from+"/a/b:v1@"+digest), ref(t, to+"/a/b:v1")); err == nil || !strings.Contains(err.Error(), "somebody else writes to it") {
		t.Errorf("%v", err)
	}
}

// A folder that somebody has changed on the way is found out.
func TestDamagedFolder(t *testing.T) {
	from := serve(t, nil)
	digest := push(t, from+"/a/b:v1")
	dir := t.TempDir()
	folder, err := registry.CreateLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := client().Save(ref(t, from+"/a/b:v1"), folder); err != nil {
		t.Fatal(err)
	}
	blobs, err := filepath.Glob(filepath.Join(dir, "blobs", "sha256", "*"))
	if err != nil || len(blobs) < 5 {
		t.Fatal(blobs, err)
	}
	for _, blob := range blobs {
		t.Run(filepath.Base(blob)[:8], func(t *testing.T) {
			before, err := os.ReadFile(blob)
			if err != nil {
				t.Fatal(err)
			}
			changed := append([]byte{}, before...)
			changed[len(changed)/2] ^= 1
			if err := os.WriteFile(blob, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := os.WriteFile(blob, before, 0o600); err != nil {
					t.Error(err)
				}
			}()
			entries, err := folder.Entries()
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := client().Load(folder, entries[0], ref(t, serve(t, nil)+"/a/b:v1@"+digest)); err == nil {
				t.Error("a changed blob was copied")
			}
		})
	}
}

// Credentials go to no other host, and to none without TLS.
func TestCredentials(t *testing.T) {
	var leaked atomic.Value
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := r.Header.Get("Authorization"); a != "" {
			leaked.Store(a)
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	defer elsewhere.Close()
	host := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return false
		}
		if r.URL.Path == "/v2/" {
			return true
		}
		http.Redirect(w, r, strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)+r.URL.Path, http.StatusTemporaryRedirect)
		return false
	})
	keychain := fixed{authn.FromConfig(authn.AuthConfig{Username: "admin", Password: "secret"})}
	c := registry.New(context.Background(), registry.Options{Keychain: keychain})
	if _, err := c.Resolve(ref(t, host+"/a/b:v1")); err == nil {
		t.Error("a redirect to nowhere was an answer")
	}
	if got := leaked.Load(); got != nil {
		t.Errorf("the credentials went elsewhere: %v", got)
	}
	_, err := c.Resolve(ref(t, "127.0.0.1:1/a/b:v1"))
	if err == nil {
		t.Error("a registry that is not there answered")
	}
}

type fixed struct{ authn.Authenticator }

func (f fixed) Resolve(authn.Resource) (authn.Authenticator, error) { return f.Authenticator, nil }

// Another machine is asked without TLS only where the caller says so.
func TestPlainHTTP(t *testing.T) {
	host := serve(t, func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://token.example/"`) // a name of somewhere else, without TLS
		w.WriteHeader(http.StatusUnauthorized)
		return false
	})
	_, err := client().Resolve(ref(t, host+"/a/b:v1"))
	if err == nil || !strings.HasSuffix(err.Error(), "token.example is not asked without TLS; if it has none, say so with --plain-http token.example") {
		t.Errorf("%v", err)
	}
}
