package artifact_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fitout-dev/fitout/pkg/artifact"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// packed is the files of a bundle with one object.
func packed(t testing.TB) []artifact.File {
	t.Helper()
	objects, err := manifest.Parse("test", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-system, labels: {fitout.dev/addon: coredns}}\ndata: {x: \"1\"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	digest, err := manifest.Digest(objects)
	if err != nil {
		t.Fatal(err)
	}
	b := &artifact.Bundle{Minor: "1.36", Kubernetes: "v1.36.4", Digest: digest, Images: []byte("{}\n"),
		Addons: []artifact.Addon{{Name: "coredns", Role: "dns", Version: "1", Digest: digest, Applied: digest}},
		Waves:  []artifact.Wave{{Name: "network+services resources", Objects: objects}}}
	b.Cluster = clusterfile.Cluster{APIVersion: clusterfile.APIVersion, Kind: clusterfile.Kind, KubernetesVersion: "v1.36.4"}
	files, err := b.Files()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// What is packed is read again as it was, from a layer and from a folder, and is the same bytes each time.
func TestRoundTrip(t *testing.T) {
	files := packed(t)
	layer, err := artifact.Layer(files)
	if err != nil {
		t.Fatal(err)
	}
	again, err := artifact.Layer(packed(t))
	if err != nil || !bytes.Equal(layer, again) {
		t.Errorf("the layer is not the same bytes the second time: %v", err)
	}
	unpacked, err := artifact.Unpack(bytes.NewReader(layer))
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{}
	for _, f := range files {
		folder[f.Name] = &fstest.MapFile{Data: f.Content}
	}
	read, err := artifact.Folder(folder)
	if err != nil {
		t.Fatal(err)
	}
	for from, got := range map[string][]artifact.File{"layer": unpacked, "folder": read} {
		b, err := artifact.Read(got)
		if err != nil {
			t.Fatalf("%s: %v", from, err)
		}
		if len(b.Waves) != 1 || len(b.Waves[0].Objects) != 1 || b.Waves[0].Objects[0].GetName() != "a" || b.Cluster.KubernetesVersion != "v1.36.4" {
			t.Errorf("%s: %+v", from, b)
		}
		files, err := b.Files()
		if err != nil {
			t.Fatal(err)
		}
		if repacked, err := artifact.Layer(files); err != nil || !bytes.Equal(layer, repacked) {
			t.Errorf("%s: packed again it has other bytes: %v", from, err)
		}
	}
	names := []string{}
	for _, f := range files {
		names = append(names, f.Name)
	}
	if got, want := strings.Join(names, " "), "bundle.json cluster.yaml images.json kustomization.yaml waves/01-network-services-resources/kustomization.yaml waves/01-network-services-resources/objects.yaml"; got != want {
		t.Errorf("files %s, want %s", got, want)
	}
}

// Whatever somebody changes of what is applied or of what it is for is found out.
func TestChanged(t *testing.T) {
	const objects = "waves/01-network-services-resources/objects.yaml"
	for name, test := range map[string]struct{ file, old, new, want string }{
		"a value":            {objects, `x: "1"`, `x: "2"`, "somebody has changed them"},
		"a name":             {objects, "name: a", "name: b", "somebody has changed them"},
		"the addon":          {objects, "fitout.dev/addon: coredns", "fitout.dev/addon: other", "somebody has"},
		"no addon":           {objects, "fitout.dev/addon: coredns", "x: y", "somebody has"},
		"one more object":    {objects, "apiVersion: v1", "apiVersion: v1\nkind: Pod\nmetadata: {name: evil, namespace: kube-system}\n---\napiVersion: v1", "somebody has added it"},
		"no object":          {objects, "", "", "somebody has changed them"},
		"the version":        {"cluster.yaml", "v1.36.4", "v1.35.4", "somebody has changed one of them"},
		"another format":     {"bundle.json", "v1alpha1", "v9", "pack it again with this Fitout"},
		"an unknown field":   {"bundle.json", `"bundle"`, `"x": 1, "bundle"`, "pack it again"},
		"a digest":           {"bundle.json", `"applied": "sha256:`, `"applied": "sha256:0`, "somebody has changed them"},
		"no JSON":            {"bundle.json", "{", "[", "pack it again"},
		"no bundle":          {"bundle.json", "", "", "name what fitout pack has made"},
		"no cluster":         {"cluster.yaml", "", "", ""},
		"a wave of no files": {"bundle.json", `"waves": [`, `"waves": [{"name": "x"},`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := packed(t)
			for i, f := range files {
				switch {
				case f.Name != test.file:
				case test.old == "":
					files[i].Content = nil
				default:
					text := strings.Replace(string(f.Content), test.old, test.new, 1)
					if text == string(f.Content) {
						t.Fatalf("%s has no %q:\n%s", f.Name, test.old, f.Content)
					}
					files[i].Content = []byte(text)
				}
			}
			if _, err := artifact.Read(files); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// Layers that no push has made are refused within bounds.
func TestHostileLayers(t *testing.T) {
	archive := func(headers ...tar.Header) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		w := tar.NewWriter(z)
		for _, h := range headers {
			if h.Mode == 0 {
				h.Mode = 0o644
			}
			if err := w.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
			if h.Size > 0 {
				if _, err := w.Write(make([]byte, h.Size)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	var many []tar.Header
	for i := range 1100 {
		many = append(many, tar.Header{Name: fmt.Sprintf("a%d.yaml", i)})
	}
	for name, test := range map[string]struct {
		layer []byte
		want  string
	}{
		"no gzip":      {[]byte("plain"), "no tar with gzip"},
		"leads out":    {archive(tar.Header{Name: "../a.yaml"}), "which Fitout does not make"},
		"absolute":     {archive(tar.Header{Name: "/etc/a.yaml"}), "which Fitout does not make"},
		"a link":       {archive(tar.Header{Name: "a.yaml", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}), "no regular file"},
		"a hard link":  {archive(tar.Header{Name: "a.yaml", Typeflag: tar.TypeLink, Linkname: "b.yaml"}), "no regular file"},
		"a device":     {archive(tar.Header{Name: "a.yaml", Typeflag: tar.TypeChar}), "no regular file"},
		"twice":        {archive(tar.Header{Name: "a.yaml"}, tar.Header{Name: "a.yaml"}), "twice"},
		"hidden":       {archive(tar.Header{Name: ".a.yaml"}), "which Fitout does not make"},
		"another case": {archive(tar.Header{Name: "A.yaml"}), "which Fitout does not make"},
		"a terminal":   {archive(tar.Header{Name: "\x1b[2Ja.yaml"}), `\x1b[2Ja.yaml`},
		"too many":     {archive(many...), "more than 1000 files"},
		"a bomb":       {archive(tar.Header{Name: "a.yaml", Size: 65 << 20}), "more than"},
		"broken off":   {archive(tar.Header{Name: "a.yaml", Size: 1 << 20})[:500], "unexpected EOF"},
		"no tar":       {gzipped(t, strings.Repeat("x", 2000)), "the layer"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := artifact.Unpack(bytes.NewReader(test.layer)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// FuzzRead: whatever the files say, reading them never panics; what is read has the objects that its digests are of.
func FuzzRead(f *testing.F) {
	for _, file := range packed(f) {
		if file.Name == "bundle.json" {
			f.Add(string(file.Content), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
		}
	}
	f.Add(`{"apiVersion":"fitout.dev/v1alpha1","kind":"PackedBundle","addons":[{"created":[null]}],"waves":[{}]}`, "")
	f.Fuzz(func(t *testing.T, about, objects string) {
		files := packed(t)
		for i := range files {
			switch {
			case files[i].Name == "bundle.json":
				files[i].Content = []byte(about)
			case strings.HasSuffix(files[i].Name, "objects.yaml"):
				files[i].Content = []byte(objects)
			}
		}
		b, err := artifact.Read(files)
		if err != nil {
			return
		}
		for _, a := range b.Addons {
			if digest, err := manifest.Digest(b.ObjectsByAddon()[a.Name]); err != nil || digest != a.Applied {
				t.Errorf("addon %q: digest %s, not %s: %v", a.Name, digest, a.Applied, err)
			}
		}
	})
}
