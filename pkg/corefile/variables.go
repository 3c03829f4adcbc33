package corefile

import (
	"regexp"
	"slices"
	"strings"
)

// An unset is an environment variable that a Corefile names and its container does not have.
type unset struct {
	name string
	line int
}

// variable is a place where the server puts the value of an environment variable: {$NAME} or {%NAME%}.
var variable = regexp.MustCompile(`\{\$[^{}]+\}|\{%[^{}]+%\}`)

// given are variables that containers have without their pod saying so: from the image, and from the Services of the namespace.
var given = regexp.MustCompile(`^(HOSTNAME|PATH|HOME|SSL_CERT_FILE|[A-Z0-9_]+_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?))$`)

// expand puts the values of variables in their places, as the server does (github.com/coredns/caddy, caddyfile/parse.go): in keys and
// in every word. It returns those that the container does not have, in whose place nothing stands.
func expand(parts []part, container Container) []unset {
	if container.Variables == nil {
		return nil
	}
	var missing []unset
	value := func(line int) func(string) string {
		return func(place string) string {
			name := strings.TrimSuffix(strings.TrimRight(place[2:], "}"), "%")
			value, set := container.Variables[name]
			switch {
			case set && value != nil:
				return *value
			case set || given.MatchString(name):
				return place
			}
			missing = append(missing, unset{name: name, line: line})
			return ""
		}
	}
	for i, p := range parts {
		var keys []string
		for _, key := range p.keys {
			if key = variable.ReplaceAllStringFunc(key, value(p.line)); key != "" {
				keys = append(keys, key)
			}
		}
		if len(keys) > 0 || len(p.keys) == 0 {
			parts[i].keys = keys
		}
		parts[i].body = slices.Clone(p.body)
		for j, t := range parts[i].body {
			parts[i].body[j].text = variable.ReplaceAllStringFunc(t.text, value(t.line))
		}
	}
	return missing
}

// unset tells of variables that are not there.
func (c *checking) unset(missing []unset) {
	for _, v := range missing {
		if len(c.faults) < maxFaults {
			c.fault(v.line, false, "{$"+shown(v.name)+"}", "is an environment variable that the container does not have, so that nothing stands there", "set it in a patch, or write its value")
		}
	}
}
