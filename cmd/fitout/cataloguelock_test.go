package main

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/catalogue"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/registry"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// invoke runs the command in this process.
func invoke(args ...string) (stdout, stderr string, err error) {
	var out, errOut bytes.Buffer
	root := rootCommand(genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut})
	root.SetArgs(args)
	err = root.ExecuteContext(context.Background())
	return out.String(), errOut.String(), err
}

// catalogues is a registry, and a server of archives, of this machine.
type catalogues struct {
	*httptest.Server
	archives map[string]string // by path
}

func serveCatalogues(t *testing.T) *catalogues {
	t.Helper()
	c := &catalogues{archives: map[string]string{}}
	images := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text, ok := c.archives[r.URL.Path]; ok {
			_, _ = io.WriteString(w, text)
			return
		}
		images.ServeHTTP(w, r)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *catalogues) host() string { return strings.TrimPrefix(c.URL, "http://") }

// push puts an archive into the registry.
func (c *catalogues) push(t *testing.T, at, archive string) (digest string) {
	t.Helper()
	ref, err := image.Parse(c.host() + at)
	if err != nil {
		t.Fatal(err)
	}
	client := registry.New(context.Background(), registry.Options{Pause: time.Millisecond})
	_, digest, err = client.Push(registry.Artifact{Layer: []byte(archive)}, ref)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// clusterNaming writes a cluster file that names catalogues, and gives the run a cache of its own.
func clusterNaming(t *testing.T, sources ...string) (file string) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	text := "apiVersion: fitout.dev/v1alpha1\nkind: Cluster\nkubernetesVersion: v1.36.4\ncatalogues:\n"
	for _, s := range sources {
		text += "- '" + s + "'\n"
	}
	return filepath.Join(write(t, map[string]string{"cluster.yaml": text}), "cluster.yaml")
}

func named(name string) map[string]string {
	files := ownFiles()
	files["addons/own/1/templates/account.yaml"] = strings.Replace(files["addons/own/1/templates/account.yaml"], "name: own", "name: "+name, 1)
	return files
}

// A catalogue that is fetched is what it was when it was locked, whatever its tag leads to, and rendering asks no network.
func TestLockedCatalogues(t *testing.T) {
	server := serveCatalogues(t)
	first := server.push(t, "/corp:v1", packed(t, named("first")))
	inFolder := map[string]string{}
	for name, text := range named("third") {
		inFolder["corp-1.0/"+name] = strings.ReplaceAll(text, "own", "more")
	}
	for name := range inFolder {
		if other := strings.ReplaceAll(name, "/own/", "/more/"); other != name {
			inFolder[other] = inFolder[name]
			delete(inFolder, name)
		}
	}
	archive := packed(t, inFolder)
	server.archives["/corp.tgz"] = archive
	tagged, url := "oci://"+server.host()+"/corp:v1", server.URL+"/corp.tgz#sha256="+strings.TrimPrefix(digest(archive), "sha256:")
	file := clusterNaming(t, tagged, url)

	_, _, err := invoke("render", "-f", file)
	if err == nil || exitCode(err) != 2 || !strings.Contains(err.Error(), file+": catalogues[0]: "+tagged+" is not locked; run fitout catalogue lock, and keep catalogues.lock under version control") {
		t.Fatalf("without a lock: %v", err)
	}
	out, _, err := invoke("catalogue", "lock", "-f", file)
	if want := tagged + " locked at " + first + "\n" + url + " locked at " + digest(archive) + "\n"; err != nil || out != want {
		t.Fatalf("lock: %v\n%s%s", err, out, want)
	}
	second := server.push(t, "/corp:v1", packed(t, named("second")))
	if first == second {
		t.Fatal("both archives are the same")
	}
	if out, _, err = invoke("catalogue", "pull", "-f", file); err != nil || out != tagged+" is there\n"+url+" is there\n" {
		t.Errorf("pull: %v %s", err, out)
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	_, _, err = invoke("render", "-f", file)
	if err == nil || !strings.Contains(err.Error(), "is locked, but not in the cache of this machine; run fitout catalogue pull") {
		t.Errorf("without a cache: %v", err)
	}
	if out, _, err = invoke("catalogue", "pull", "-f", file); err != nil || out != tagged+" fetched\n"+url+" fetched\n" {
		t.Fatalf("pull: %v %s", err, out)
	}
	server.Close()
	out, errOut, err := invoke("render", "-f", file, "-o", "name")
	if err != nil || !strings.Contains(out, "ServiceAccount kube-system/first\n") || !strings.Contains(out, "ServiceAccount kube-system/third\n") {
		t.Errorf("render: %v %s", err, out)
	}
	if !strings.Contains(errOut, "catalogue "+tagged+": addon own\n") {
		t.Error(errOut)
	}
	cached := filepath.Join(os.Getenv("XDG_CACHE_HOME"), "fitout", "catalogues", strings.Replace(digest(archive), ":", "-", 1)+".tgz")
	if err := os.WriteFile(cached, []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err = invoke("render", "-f", file); err == nil || !strings.Contains(err.Error(), cached+" was changed; remove it, and run fitout catalogue pull") {
		t.Errorf("a changed cache: %v", err)
	}
}

// What is fetched and is no catalogue, or not the one that is named, is refused, and nothing is written.
func TestHostileSources(t *testing.T) {
	server := serveCatalogues(t)
	far := httptest.NewServer(http.RedirectHandler("http://catalogues.example.org/a.tgz", http.StatusFound))
	t.Cleanup(far.Close)
	loop := httptest.NewServer(http.RedirectHandler("/", http.StatusFound))
	t.Cleanup(loop.Close)
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for block := make([]byte, 1<<20); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}))
	t.Cleanup(endless.Close)
	server.archives["/text.tgz"] = "<html>"
	server.archives["/own.tgz"] = packed(t, ownFiles())
	server.push(t, "/text:v1", "<html>")
	for name, test := range map[string]struct{ source, want string }{
		"no tag":                        {"oci://" + server.host() + "/corp", "names neither a tag nor a digest; add one, such as :v1"},
		"no reference":                  {"oci://UPPER CASE", "is no image reference"},
		"another scheme":                {"ftp://example.org/a.tgz", `"ftp://example.org/a.tgz" is neither a folder nor of oci:// or https://; use one of these`},
		"credentials":                   {"https://user:secret@example.org/a.tgz", "holds credentials; take them out"},
		"a digest that is none":         {server.URL + "/own.tgz#sha256=abc", "ends with no digest; write #sha256= and 64 hexadecimal digits"},
		"nothing there":                 {server.URL + "/none.tgz", "the server answers 404; check the address"},
		"no artifact there":             {"oci://" + server.host() + "/none:v1", "check the name and the tag"},
		"no archive":                    {server.URL + "/text.tgz", "is no archive of tar, or a damaged one"},
		"an artifact of something else": {"oci://" + server.host() + "/text:v1", "is no archive of tar, or a damaged one"},
		"another digest":                {server.URL + "/own.tgz#sha256=" + strings.Repeat("0", 64), "has the digest " + digest(packed(t, ownFiles())) + ", not the one that it names"},
		"a redirect without TLS":        {far.URL + "/a.tgz", "catalogues.example.org is not asked without TLS"},
		"redirects without end":         {loop.URL + "/a.tgz", "leads from one address to the next more than 5 times"},
		"an answer without end":         {endless.URL + "/a.tgz", "has more than 16384 KiB; pack only addons and bundles"},
		"http to another machine":       {"http://catalogues.example.org/a.tgz", "catalogues.example.org is not asked without TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			file := clusterNaming(t, test.source)
			_, _, err := invoke("catalogue", "lock", "-f", file)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(strings.Join(errorLines(err), "\n"), "secret") {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), catalogue.LockFile)); err == nil {
				t.Error("there is a lock")
			}
		})
	}
	if _, _, err := invoke("catalogue", "lock"); err == nil || exitCode(err) != 2 || !strings.Contains(err.Error(), "no catalogue is fetched; name one") {
		t.Errorf("nothing to lock: %v", err)
	}
}

// A lock that somebody has changed is refused with its line.
func TestBrokenLocks(t *testing.T) {
	const source = "oci://registry.example.org/corp:v1"
	head := "apiVersion: fitout.dev/v1alpha1\nkind: CatalogueLock\ncatalogues:\n"
	good := digest("a")
	for text, want := range map[string]string{
		"a: b": "catalogues.lock:1: a is not a field of this format",
		head + "- {source: '" + source + "', digest: sha256:1, archive: " + good + "}\n":                         `catalogues.lock:4: catalogues[0].digest is "sha256:1"; run fitout catalogue lock`,
		head + "- {source: '" + source + "', digest: " + good + ", archive: ../../../etc/passwd}\n":              `catalogues.lock:4: catalogues[0].archive is "../../../etc/passwd"; run fitout catalogue lock`,
		head + "- {source: 'oci://registry.example.org/corp:v2', digest: " + good + ", archive: " + good + "}\n": source + " is not locked; ",
	} {
		file := clusterNaming(t, source)
		if err := os.WriteFile(filepath.Join(filepath.Dir(file), catalogue.LockFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, _, err := invoke("render", "-f", file)
		if err == nil || exitCode(err) != 2 || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
