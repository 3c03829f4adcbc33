package inventory_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"unicode"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// packed compresses text as entries are.
func packed(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// configMap is an inventory whose entries are the given compressed text.
func configMap(t testing.TB, entries string) *manifest.Object {
	t.Helper()
	o, err := record("01", inventory.Complete).Object()
	if err != nil {
		t.Fatal(err)
	}
	o.Object["binaryData"] = map[string]any{"objects.json.gz": entries}
	return o
}

// entry is JSON of a valid entry in which some parts are replaced.
func entry(parts map[string]string) string {
	all := map[string]string{
		"group": `""`, "kind": `"ConfigMap"`, "namespace": `"x"`, "name": `"a"`, "version": `"v1"`, "resource": `"configmaps"`, "addon": `"a"`, "wave": "0",
	}
	for part, value := range parts {
		all[part] = value
	}
	var fields []string
	for part, value := range all {
		fields = append(fields, fmt.Sprintf("%q:%s", part, value))
	}
	return "{" + strings.Join(fields, ",") + "}"
}

func TestParseTakes(t *testing.T) {
	for name, list := range map[string]string{
		"nothing":           "[]",
		"null":              "null",
		"space":             " [ ] \n",
		"an entry":          "[" + entry(nil) + "]",
		"an aggregated API": "[" + entry(map[string]string{"group": `"metrics.k8s.io"`, "kind": `"PodMetrics"`, "version": `"v1beta1"`, "resource": `"pods"`}) + "]", // nobody can have applied one
		"a UID":             "[" + entry(map[string]string{"uid": `"7a1c2f5e-2c1f-4b7e-9d3a-000000000001"`, "digest": `"00ff"`}) + "]",
		"RBAC names":        "[" + entry(map[string]string{"group": `"rbac.authorization.k8s.io"`, "kind": `"Role"`, "name": `"system:x:Ünal"`, "resource": `"roles"`}) + "]",
		"a kind of a definition": "[" + entry(map[string]string{
			"group": `"cilium.io"`, "kind": `"CiliumNode"`, "namespace": `""`, "version": `"v2alpha1"`, "resource": `"ciliumnodes"`}) + "]",
		"a field of a later Fitout": "[" + entry(map[string]string{"later": `[[{}]]`}) + "]",
	} {
		if _, err := inventory.Parse(configMap(t, packed(t, list))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever somebody writes into the inventory, nothing that Fitout does not write is taken from it, and the error is short
// and can be printed.
func TestParseRefusesEntries(t *testing.T) {
	for name, test := range map[string]struct{ parts, want string }{
		"no kind":                         {`kind ""`, "kind, name or resource is missing"},
		"no name":                         {`name ""`, "kind, name or resource is missing"},
		"no resource":                     {`resource ""`, "kind, name or resource is missing"},
		"another resource":                {`resource "namespaces"`, "resource namespaces in a namespace does not serve this kind; resource configmaps in a namespace does"},
		"another scope":                   {`namespace ""`, "resource configmaps without a namespace does not serve this kind"},
		"a namespace of none":             {`kind "ClusterRole" group "rbac.authorization.k8s.io" resource "clusterroles"`, "resource clusterroles in a namespace does not serve this kind"},
		"an invented kind":                {`kind "Widget" resource "namespaces" namespace ""`, "has no such kind"},
		"an invented kind of a group":     {`kind "Widget" group "apps" resource "deployments"`, `the group "apps" of Kubernetes has no such kind`},
		"a subresource in the kind":       {`kind "Pod/exec" resource "pods"`, "kind is"},
		"a subresource":                   {`kind "Pod" resource "pods/exec"`, "resource is"},
		"a kind in lower case":            {`kind "configmap"`, "has no such kind"},
		"a resource in upper case":        {`resource "ConfigMaps"`, "resource is"},
		"a namespace in upper case":       {`namespace "Kube-System"`, "namespace is"},
		"a group in upper case":           {`kind "Role" group "RBAC.authorization.k8s.io" resource "roles"`, "group is"},
		"a group with its version":        {`kind "Deployment" group "apps/v1" resource "deployments"`, "group is"},
		"a version with its group":        {`kind "Deployment" group "apps" version "apps/v1" resource "deployments"`, "version is"},
		"an escape in a namespace":        {`namespace "a%2f"`, "namespace is"},
		"a slash in a name of RBAC":       {`kind "Role" group "rbac.authorization.k8s.io" resource "roles" name "a/b"`, "name is"},
		"the name of this folder":         {`name "."`, "name is"},
		"the record itself":               {`namespace "kube-system" name "fitout-inventory"`, "it belongs to the runs themselves"},
		"the lock":                        {`kind "Lease" group "coordination.k8s.io" namespace "kube-system" name "fitout" resource "leases"`, "it belongs to the runs themselves"},
		"an invented kind of RBAC":        {`kind "Widget" group "rbac.authorization.k8s.io" resource "roles"`, "has no such kind"},
		"a kind for no addon":             {`kind "CertificateSigningRequest" group "certificates.k8s.io" resource "certificatesigningrequests" namespace ""`, "has no such kind"},
		"a path as resource":              {`resource "nodes/node-1:10256/proxy/a"`, "resource is"},
		"a path as version":               {`version "v1/namespaces/x"`, "version is"},
		"no version":                      {`version ""`, "version is"},
		"a path as group":                 {`group "../../api"`, "group is"},
		"a path as namespace":             {`namespace "../x"`, "namespace is"},
		"a path as name":                  {`name "../x"`, "name is"},
		"the parent as name":              {`name ".."`, "name is"},
		"an escape in a name":             {`name "a%2fb"`, "name is"},
		"a path as kind":                  {`kind "Config/Map"`, "kind is"},
		"a name without end":              {`name "` + strings.Repeat("a", 254) + `"`, "it has 254 bytes, more than 253"},
		"control characters in a name":    {`name "a\u001b[2J"`, "it must have printable characters only"},
		"a line break in a name":          {`name "a\nfitout: good"`, "it must have printable characters only"},
		"turned text in a name":           {`name "a\u202eb"`, "it must have printable characters only"},
		"control characters in a kind":    {`kind "a\u001b"`, "kind is"},
		"control characters in an addon":  {`addon "a\u001b"`, "addon is"},
		"control characters in a UID":     {`uid "a\u0007"`, "uid is"},
		"a UID without end":               {`uid "` + strings.Repeat("a", 129) + `"`, "uid is"},
		"a digest of words":               {`digest "none"`, "digest is"},
		"a wave below 0":                  {`wave -1`, "wave is -1: it must be from 0 to 1000"},
		"a wave far off":                  {`wave 1001`, "wave is 1001: it must be from 0 to 1000"},
		"a wave that is a word":           {`wave "1"`, "cannot unmarshal string"},
		"a number of many digits":         {`wave ` + strings.Repeat("9", 9000), "cannot unmarshal number"},
		"an entry without end":            {`more "` + strings.Repeat("a", 1<<16) + `"`, "larger than 16384 bytes"},
		"deep nesting":                    {`more ` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000), "larger than 16384 bytes"},
		"nesting without end":             {`more ` + strings.Repeat("[", 11_000), "exceeded max depth"},
		"a kind of a definition, no dot":  {`kind "Widget" group "widgets" resource "widgets"`, "has no such kind"},
		"a resource of another namespace": {`kind "Namespace" resource "namespaces"`, "resource namespaces in a namespace does not serve this kind"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, configMap(t, packed(t, "["+entry(partsOf(test.parts))+"]")), test.want)
		})
	}
}

// partsOf reads parts such as: kind "Role" wave 1.
func partsOf(text string) map[string]string {
	parts := map[string]string{}
	for text != "" {
		var part string
		part, text, _ = strings.Cut(text, " ")
		end := len(text)
		if strings.HasPrefix(text, `"`) {
			end = strings.Index(text[1:], `"`) + 2
		} else if i := strings.Index(text, " "); i >= 0 {
			end = i
		}
		parts[part], text = text[:end], strings.TrimPrefix(text[end:], " ")
	}
	return parts
}

func refused(t *testing.T, o *manifest.Object, want string) {
	t.Helper()
	_, err := inventory.Parse(o)
	if err == nil {
		t.Fatal("it is taken")
	}
	text := err.Error()
	if !strings.Contains(text, want) || !strings.Contains(text, "ConfigMap kube-system/fitout-inventory") || !strings.Contains(text, "delete it and run fitout up") {
		t.Errorf("error %s; want %s", text, want)
	}
	if len(text) > 800 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("an error of %d bytes: %q", len(text), text[:min(len(text), 800)])
	}
}

func TestParseRefusesLists(t *testing.T) {
	one := entry(nil)
	half := packed(t, "["+one+"]")
	for name, test := range map[string]struct{ entries, want string }{
		"the same object twice":      {packed(t, "["+one+","+one+"]"), "an earlier entry is of the same object"},
		"two resources of a kind":    {packed(t, "["+custom("a", "widgets")+","+custom("b", "gadgets")+"]"), "but an earlier entry of the kind has resource widgets"},
		"null as an entry":           {packed(t, "[null]"), "kind, name or resource is missing"},
		"an object":                  {packed(t, "{}"), "it is not a list"},
		"nothing":                    {packed(t, ""), "EOF"},
		"compressed twice":           {packed(t, string(bytesOf(t, half))), "invalid character"},
		"one entry too many":         {packed(t, "["+many(20_001)+"]"), "there are more than 20000 entries"},
		"half a list":                {packed(t, "["+one), "EOF"},
		"more text":                  {packed(t, "[]{}"), "more text follows the list"},
		"more text after null":       {packed(t, "null []"), "more text follows the list"},
		"no JSON after the list":     {packed(t, "[]\x1b"), "invalid character"},
		"a second compressed stream": {base64.StdEncoding.EncodeToString(append(bytesOf(t, half), bytesOf(t, half)...)), "bytes follow the compressed stream"},
		"bytes after the stream":     {base64.StdEncoding.EncodeToString(append(bytesOf(t, half), 0)), "bytes follow the compressed stream"},
		"a stream cut short":         {base64.StdEncoding.EncodeToString(bytesOf(t, half)[:30]), "EOF"},
		"too much compressed text":   {strings.Repeat("A", 3<<20), "bytes of compressed text"},
		"space without end":          {packed(t, "["+strings.Repeat(" ", 1<<20)+"]"), "larger than 16384 bytes"},
		"space after the list":       {packed(t, "[]"+strings.Repeat(" ", 17<<20)), "larger than 16384 bytes"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, configMap(t, test.entries), test.want) })
	}
}

// many are as many entries, each of another object.
func many(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = entry(map[string]string{"name": fmt.Sprintf(`"a%d"`, i)})
	}
	return strings.Join(all, ",")
}

func custom(name, resource string) string {
	return entry(map[string]string{"group": `"example.org"`, "kind": `"Widget"`, "name": `"` + name + `"`, "resource": `"` + resource + `"`})
}

func bytesOf(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The other values of the ConfigMap are no better than its entries.
func TestParseRefusesValues(t *testing.T) {
	for name, test := range map[string]struct{ key, value, want string }{
		"control characters in the bundle":     {"bundle", "1.36\x1b[2J", "bundle is"},
		"control characters in the version":    {"kubernetes", "v1.36\n", "kubernetes is"},
		"turned text in Fitout's version":      {"fitout", "v1\u202e", "fitout is"},
		"a version without end":                {"fitout", strings.Repeat("1", 129), "fitout is"},
		"a digest of words":                    {"digest", "sha256:none", "digest is"},
		"a state without end":                  {"state", strings.Repeat("x", 1<<20), "state is"},
		"an addon that is a path":              {"addons.json", `{"../a":{"version":"1","digest":""}}`, "name is"},
		"control characters in an addon":       {"addons.json", `{"a":{"version":"\u0007"}}`, "version is"},
		"fewer than no objects":                {"addons.json", `{"a":{"objects":-1}}`, "objects is -1"},
		"too many addons":                      {"addons.json", addons(1001), "1001 addons, more than 1000"},
		"too much text":                        {"addons.json", `{"a":{}}` + strings.Repeat(" ", 256<<10), "bytes, more than"},
		"text after the addons":                {"addons.json", `{} {}`, "addons.json: invalid character"},
		"control characters in what went past": {"previous.json", `{"bundle":"\u001b"}`, "previous.json: bundle is"},
		"a list of what went past":             {"previous.json", `[]`, "previous.json: json: cannot unmarshal array"},
	} {
		t.Run(name, func(t *testing.T) {
			o := configMap(t, packed(t, "[]"))
			o.Object["data"].(map[string]any)[test.key] = test.value
			refused(t, o, test.want)
		})
	}
}

func addons(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"a%d":{}`, i))
	}
	return "{" + strings.Join(all, ",") + "}"
}

// A few kilobytes of text must not take gigabytes, or the seconds that it takes to fill them.
func TestParseIsBounded(t *testing.T) {
	full := strings.Repeat(entry(nil)+",", 20_000) + entry(nil)
	for name, list := range map[string]string{
		"empty entries":       "[" + strings.Repeat(`{},`, 6_000_000) + "{}]",
		"too many entries":    "[" + full + "]",
		"a text of 17 MiB":    `["` + strings.Repeat("a", 17<<20) + `"]`,
		"space of 17 MiB":     strings.Repeat(" ", 17<<20),
		"lists within lists":  strings.Repeat("[", 17<<20),
		"one entry of 17 MiB": `[{"kind":"` + strings.Repeat("a", 17<<20) + `"}]`,
	} {
		o := configMap(t, packed(t, list))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := inventory.Parse(o)
		runtime.ReadMemStats(&after)
		taken := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%s: %d KiB of text, %d MiB of memory", name, len(o.Object["binaryData"].(map[string]any)["objects.json.gz"].(string))>>10, taken)
		if err == nil || taken > 40 {
			t.Errorf("%s: %d MiB, error %v", name, taken, err)
		}
	}
}

// A record that could not be read again is not written.
func TestObjectRefuses(t *testing.T) {
	i := record("01", inventory.Complete, "a@0")
	i.Entries[0].Resource = "namespaces"
	if _, err := i.Object(); err == nil || !strings.Contains(err.Error(), "does not serve this kind") {
		t.Errorf("error %v", err)
	}
}

// BenchmarkParseBomb is a bomb of 45 KB: 11 million empty entries.
func BenchmarkParseBomb(b *testing.B) {
	o := configMap(b, packed(b, "["+strings.Repeat(`{},`, 11_000_000)+"{}]"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := inventory.Parse(o); err == nil {
			b.Fatal("it is taken")
		}
	}
}
