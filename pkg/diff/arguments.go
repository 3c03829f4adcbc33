package diff

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/credential"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// hideArguments replaces what looks like a credential in the commands and arguments of containers, but for those that the bundle
// has: a patch may have put it there.
func hideArguments(after, before, bundled *manifest.Object) {
	now, then, own := arguments(after), arguments(before), arguments(bundled)
	nowFound, thenFound := secretsIn(now), secretsIn(then)
	replace := func(lists map[string][]any, found, other map[string]string, changed string) {
		for path, list := range lists {
			for i, argument := range list {
				text, isText := argument.(string)
				if !isText || slices.Contains(own[path], argument) {
					continue
				}
				list[i] = withoutSecrets(list, i, text, func(name string) string {
					value, inBoth := other[path+"\x00"+name]
					return mark(found[path+"\x00"+name], value, inBoth, changed)
				})
			}
		}
	}
	replace(now, nowFound, thenFound, latter)
	replace(then, thenFound, nowFound, former)
}

// arguments returns the commands and arguments wherever they stand in an object, by path.
func arguments(o *manifest.Object) map[string][]any {
	all := map[string][]any{}
	if o != nil {
		collectArguments(all, o.Object, "")
	}
	return all
}

func collectArguments(all map[string][]any, v any, path string) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if list, isList := value.([]any); isList && (key == "args" || key == "command") {
				all[path+"/"+key] = list
				continue
			}
			collectArguments(all, value, path+"/"+key)
		}
	case []any:
		for i, element := range v {
			collectArguments(all, element, path+"/"+nameOf(element, i))
		}
	}
}

// secretsIn returns what looks like a credential, by the path of its list and what stands before it.
func secretsIn(lists map[string][]any) map[string]string {
	found := map[string]string{}
	for path, list := range lists {
		for i, argument := range list {
			if text, isText := argument.(string); isText {
				for _, at := range credential.In(list, i) {
					found[path+"\x00"+nameAt(list, i, text, at)] = text[at[0]:at[1]]
				}
			}
		}
	}
	return found
}

// withoutSecrets returns an argument with marks for what looks like a credential.
func withoutSecrets(list []any, i int, text string, mark func(name string) string) string {
	spans := credential.In(list, i)
	out := text
	for _, at := range slices.Backward(spans) {
		out = out[:at[0]] + mark(nameAt(list, i, text, at)) + out[at[1]:]
	}
	return out
}

// nameAt tells a credential by what stands before it: in its argument, or the argument before.
func nameAt(list []any, i int, text string, at [2]int) string {
	if at[0] == 0 && i > 0 {
		return fmt.Sprint(list[i-1])
	}
	return text[:at[0]]
}
