package chartvalues_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/chartvalues"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const schema = `{
  "type": "object", "additionalProperties": false, "description": "About it.",
  "required": ["address"],
  "properties": {
    "address": {"type": "string", "format": "ip", "description": "Where."},
    "replicas": {"type": "integer", "minimum": 1, "maximum": 9, "description": "How many."},
    "mode": {"enum": ["vxlan", "host-gw"], "description": "How."},
    "host": {"type": "string", "anyOf": [{"maxLength": 0}, {"format": "host"}], "description": "A host."},
    "servers": {"type": "array", "minItems": 1, "maxItems": 3, "uniqueItems": true, "items": {"type": "string", "format": "nameserver"}, "description": "Who."},
    "toggle": {"type": "boolean", "description": "Whether."},
    "zone": {"type": "string", "pattern": "^[a-z]+$", "examples": ["fr"], "description": "Zone."},
    "free": {"type": "object", "additionalProperties": false, "patternProperties": {"^[a-z]+$": {"type": "string", "title": "small letters"}}, "description": "Free."},
    "resources": {"type": "object", "additionalProperties": false, "description": "Resources.", "properties": {"a": {"$ref": "#/$defs/r", "description": "Of a."}}}
  },
  "$defs": {"r": {"type": "object", "additionalProperties": false, "properties": {"limits": {"type": ["object", "null"], "additionalProperties": false, "patternProperties": {"^[a-z]+$": {"title": "small letters", "type": ["string", "number", "null"], "format": "quantity"}}}}}}
}`

func parse(t *testing.T, text string) *chartvalues.Schema {
	t.Helper()
	s, err := chartvalues.Parse("x/values.schema.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCheck(t *testing.T) {
	s := parse(t, schema)
	servers := "an address such as 192.0.2.53, 192.0.2.53:5353 or tls://192.0.2.53, or a file such as /etc/resolv.conf"
	for given, want := range map[string]string{
		"replicas: 9":                  "",
		"replicas: 0":                  "replicas is 0; give a whole number from 1 to 9",
		"replicas: -1":                 "replicas is -1; give a whole number from 1 to 9",
		"replicas: 1e30":               "replicas is 1e+30; give a whole number from 1 to 9",
		"replicas: 1.5":                "replicas is the number 1.5; give a whole number from 1 to 9",
		"replicas: '2'":                `replicas is the string "2"; give a whole number from 1 to 9`,
		"replicas: true":               "replicas is the boolean true; give a whole number from 1 to 9",
		"replicas: null":               "replicas is null; remove the line to keep the default, or give a whole number from 1 to 9",
		"replicas: [1]":                "replicas is a list; give a whole number from 1 to 9",
		"mode: hostgw":                 `mode is "hostgw"; did you mean host-gw? Allowed: vxlan, host-gw`,
		"mode: 3":                      "mode is 3; give one of vxlan, host-gw",
		"toggle: 'yes'":                `toggle is the string "yes"; give true or false`,
		"host: ''":                     "",
		"host: api.example.org":        "",
		"host: '[::1]'":                `host is "[::1]"; give "" or a DNS name or an IP address`,
		"host: 10.0.0.256":             `host is "10.0.0.256"; give "" or a DNS name or an IP address`,
		"zone: FR":                     `zone is "FR"; give a string such as fr`,
		"servers: []":                  "servers is an empty list; give a list of 1 to 3, each " + servers,
		"servers: [1.1.1.1, 1.1.1.1]":  "servers[1] stands in the list a second time; remove it",
		"servers: [null, dns.example]": "servers[0] is null; remove the line to keep the default, or give " + servers + "\nservers[1] is \"dns.example\"; give " + servers,
		"servers: ['fd00::53', '[fd00::53]:53', tls://9.9.9.9]":     "",
		"servers: ['1.1.1.1:0']":                                    `servers[0] is "1.1.1.1:0"; give ` + servers,
		"servers: ['1.1.1.1:65536']":                                `servers[0] is "1.1.1.1:65536"; give ` + servers,
		"servers: [https://1.1.1.1]":                                `servers[0] is "https://1.1.1.1"; give ` + servers,
		"servers: ['/etc/resolv.conf }']":                           `servers[0] is "/etc/resolv.conf }"; give ` + servers,
		"servers: /etc/resolv.conf":                                 `servers is the string "/etc/resolv.conf"; give a list of 1 to 3, each ` + servers,
		"replica: 1":                                                "replica is not a value of its chart; did you mean replicas? Allowed: address, free, host, mode, replicas, resources, servers, toggle, zone",
		"free: {a: 1}":                                              "free.a is the number 1; give a string",
		"free: {A: x}":                                              "free.A is not a name that it may have; use small letters",
		"resources: {a: {limits: null}}":                            "",
		"resources: {a: {limits: {cpu: 1, memory: 64Mi, x: null}}}": "",
		"resources: {a: {limits: {cpu: -1, memory: fast}}}":         "resources.a.limits.cpu is -1; give a quantity such as 100m or 64Mi\nresources.a.limits.memory is \"fast\"; give a quantity such as 100m or 64Mi",
		"resources: {b: {}}":                                        "resources.b is not a value of its chart; use one of a",
	} {
		values := map[string]any{}
		if err := yaml.Unmarshal([]byte("address: 10.0.0.1\n"+given), &values); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range s.Check(values) {
			got = append(got, f.Field()+" "+f.Problem+"; "+f.Remedy)
		}
		if diff := cmp.Diff(want, strings.Join(got, "\n")); diff != "" {
			t.Errorf("%s:\n%s", given, diff)
		}
	}
	if got := s.Check(map[string]any{}); len(got) != 1 || got[0].Field() != "address" || got[0].Problem != "is missing" {
		t.Errorf("without the required value: %v", got)
	}
}

// A schema is complete in itself: nothing is fetched or read for it.
func TestReferencesAreLocal(t *testing.T) {
	for _, text := range []string{
		`{"$ref": "https://example.org/schema.json"}`,
		`{"$ref": "http://example.org/schema.json#/$defs/x"}`,
		`{"$ref": "file:///etc/passwd"}`,
		`{"$ref": "other.json"}`,
		`{"$ref": "../coredns/values.schema.json"}`,
		`{"$ref": "//example.org/x"}`,
		`{"$dynamicRef": "https://example.org/schema.json#meta"}`,
		`{"properties": {"a": {"items": {"$ref": "https://example.org/schema.json"}}}}`,
		`{"$defs": {"a": {"$ref": "https://example.org/schema.json"}}, "properties": {"a": {"$ref": "#/$defs/a"}}}`,
		`{"$id": "https://example.org/", "properties": {"a": {"$ref": "x.json"}}}`,
		`{"$schema": "https://example.org/draft"}`,
		`{"properties": {"a": {"$ref": "#/$defs/none"}}}`,
		`{"type": "strin"}`,
		`{`,
		`[]`,
	} {
		if _, err := chartvalues.Parse("x/values.schema.json", []byte(text)); err == nil {
			t.Errorf("%s: accepted", text)
		} else if !strings.HasPrefix(err.Error(), "x/values.schema.json: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestValuesAreDocumented(t *testing.T) {
	defaults := map[string]any{"address": "", "replicas": 1, "servers": []any{"/etc/resolv.conf"}, "resources": map[string]any{"a": map[string]any{"limits": map[string]any{"cpu": 1}}}}
	s := parse(t, schema)
	var got []string
	for _, v := range s.Values(defaults) {
		got = append(got, v.Path+" ("+v.About()+") "+v.Doc)
	}
	want := []string{
		"address (an IP address such as 192.0.2.53) Where.",
		"free (a mapping, each a string) Free.",
		`host ("" or a DNS name or an IP address) A host.`,
		"mode (one of vxlan, host-gw) How.",
		"replicas (a whole number from 1 to 9; default 1) How many.",
		"resources (a mapping) Resources.",
		`resources.a (a mapping; default {"limits":{"cpu":1}}) Of a.`,
		`servers (a list of 1 to 3, each an address such as 192.0.2.53, 192.0.2.53:5353 or tls://192.0.2.53, or a file such as /etc/resolv.conf; default ["/etc/resolv.conf"]) Who.`,
		"toggle (true or false) Whether.",
		"zone (a string such as fr) Zone.",
	}
	if diff := cmp.Diff(want, got); diff != "" || s.Doc() != "About it." {
		t.Error(s.Doc(), diff)
	}
}

func TestHolds(t *testing.T) {
	values := map[string]any{"ip": "10.0.0.1", "n": 3, "f": 3.0, "list": []any{"a"}}
	cluster := map[string]any{"network": map[string]any{"serviceCIDR": "10.0.0.0/24"}}
	for expression, want := range map[string]string{
		`inRange(values.ip, cluster.network.serviceCIDR)`: "true",
		`inRange("10.0.1.1", "10.0.0.0/24")`:              "false",
		`inRange("none", "10.0.0.0/24")`:                  "true",
		`overlaps("10.0.0.0/8", "10.1.0.0/16")`:           "true",
		`overlaps("10.0.0.0/8", "11.0.0.0/16")`:           "false",
		`overlaps("10.0.0.0/8", "none")`:                  "false",
		`olderThan(minor, "1.9")`:                         "false",
		`olderThan(minor, "1.37")`:                        "true",
		`values.n == 3 && values.f == 3 && values.f >= 2`: "true",
		`values.list.exists(x, x == "a")`:                 "true",
		`values.n`:                                        "error: is 3; it must be true or false",
		`values.none == 1`:                                "error: no such key: none",
		`nothing`:                                         "error: ERROR: <input>:1:1: undeclared reference to 'nothing' (in container '')\n | nothing\n | ^",
		`[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, a+b+c+d+e > 0)))))`: "error: operation cancelled: actual cost limit exceeded",
	} {
		holds, err := chartvalues.Holds(expression, values, cluster, "1.36")
		got := map[bool]string{true: "true", false: "false"}[holds]
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
}
