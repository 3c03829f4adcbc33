package archive_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io/fs"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/archive"
)

var small = archive.Limits{Packed: 1 << 20, Bytes: 64 << 10, FileBytes: 32 << 10, Files: 5, Depth: 3}

// tarOf is a tar with files of so many bytes.
func tarOf(t testing.TB, size int, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(size)}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestUnpack(t *testing.T) {
	for _, data := range [][]byte{tarOf(t, 10, "./a/b", "a/c"), zipped(t, tarOf(t, 10, "a/b", "a/c"))} {
		files, err := archive.Unpack(data, small)
		if err != nil {
			t.Fatal(err)
		}
		if files, err = archive.Inside(files); err != nil {
			t.Fatal(err)
		}
		if text, err := fs.ReadFile(files, "b"); err != nil || len(text) != 10 {
			t.Errorf("%d bytes, %v", len(text), err)
		}
	}
}

func TestUnpackRefuses(t *testing.T) {
	var bomb bytes.Buffer // headers alone: no file of it counts
	w := tar.NewWriter(&bomb)
	for range 10_000 {
		if err := w.WriteHeader(&tar.Header{Name: "a/", Typeflag: tar.TypeDir}); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"too many files":       {tarOf(t, 1, "a", "b", "c", "d", "e", "f"), `"f" brings the archive to more than 5 files; keep only what is needed in it`},
		"too much in all":      {tarOf(t, 30<<10, "a", "b", "c"), `"c" brings the archive to more than 0 MiB; keep only what is needed in it`},
		"a file of much":       {tarOf(t, 33<<10, "a"), `"a" has 33 KiB, more than 32; split it, or remove it`},
		"too deep":             {tarOf(t, 1, "a/b/c/d"), `"a/b/c/d" is more than 3 folders deep; pack it less deep`},
		"nothing":              {tarOf(t, 1), "has no file in it; pack the folder again"},
		"too large as it is":   {make([]byte, 2<<20), "has 2048 KiB, more than 1024; keep only what is needed in it"},
		"a bomb":               {zipped(t, bomb.Bytes()), "unpacks to more than it may; keep only what is needed in it"},
		"a damaged gzip":       {zipped(t, tarOf(t, 10, "a"))[:40], "is no archive of tar, or a damaged one: unexpected EOF; pack it again with tar -czf"},
		"a folder and a file":  {tarOf(t, 1, "a/b", "a"), `"a" is a file and a folder; rename one of them`},
		"folders of two cases": {tarOf(t, 1, "a/b", "A/c"), `"A/c" is in a folder that differs from "a/" in case only; rename one of them`},
		"a colon":              {tarOf(t, 1, "C:/a"), `"C:/a" has a backslash, a colon or a null in its name, which not every machine can have; rename it`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := archive.Unpack(test.data, small)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// FuzzUnpack: whatever bytes there are, an archive gives an error or a file system within its bounds, and no name leaves it.
func FuzzUnpack(f *testing.F) {
	f.Add(tarOf(f, 3, "a/b", "c"))
	f.Add(zipped(f, tarOf(f, 3, "../a")))
	f.Add([]byte{0x1f, 0x8b, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := archive.Unpack(data, small)
		if err != nil {
			return
		}
		total, count := int64(0), 0
		err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := fs.ReadFile(files, name)
			total, count = total+int64(len(text)), count+1
			if strings.Contains(name, "..") && !fs.ValidPath(name) {
				t.Errorf("%q", name)
			}
			return err
		})
		if err != nil || total > small.Bytes || count > small.Files {
			t.Errorf("%d files, %d bytes, %v", count, total, err)
		}
	})
}
