package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/cilium/api/v1/models"
)

const (
	// deepest is how deep a status may be nested; those of Cilium 1.20 have eight levels.
	deepest = 32
	// mostLost bounds the fields of a status that are left out one by one.
	mostLost = 1000
)

// decodeCilium decodes a status as far as it can be: agents of other releases have other fields, and a field that is not as
// it is now must not take the rest with it. unread names what was left out (controllers.3.configuration.interval), fields
// that are not known excepted. The error says that the text is no status at all.
func decodeCilium(text []byte) (m *models.StatusResponse, unread []string, err error) {
	switch {
	case len(text) > longestOutput:
		return nil, nil, fmt.Errorf("the status, which has more than %d KiB", longestOutput>>10)
	case depthOf(text) > deepest:
		return nil, nil, fmt.Errorf("the status, which is nested more than %d levels deep", deepest)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil || fields == nil {
		return nil, nil, fmt.Errorf("the status, which is no JSON object (%w)", cause(err))
	}
	s := salvager{}
	kept, _ := s.salvage(withoutNulls(fields), "", func(v any) error { return decode(v, new(models.StatusResponse)) })
	if len(s.lost) > mostLost {
		return nil, nil, fmt.Errorf("the status, of which more than %d fields are not understood", mostLost)
	}
	m = new(models.StatusResponse)
	if err := decode(kept, m); err != nil {
		return nil, nil, fmt.Errorf("the status: %w", err)
	}
	slices.Sort(s.lost)
	return m, s.lost, nil
}

// depthOf is how deep JSON is nested.
func depthOf(text []byte) int {
	depth, most, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			most = max(most, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return most
}

func cause(err error) error {
	if err == nil {
		return errors.New("null")
	}
	return err
}

func decode(v any, into *models.StatusResponse) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// withoutNulls takes entries that are null out of lists: the models would have nil pointers for them, which nobody who prints
// them expects.
func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, field := range v {
			v[key] = withoutNulls(field)
		}
	case []any:
		v = slices.DeleteFunc(v, func(entry any) bool { return entry == nil })
		for i, entry := range v {
			v[i] = withoutNulls(entry)
		}
		return v
	}
	return v
}

// A salvager takes out of a value what can be decoded. It looks into what cannot be decoded as a whole, and nowhere else, so
// that each level of a value is decoded once.
type salvager struct {
	lost []string // paths of what was left out; no more are looked for beyond mostLost
}

// salvage returns what of a value can be decoded; ok is false where nothing can.
func (s *salvager) salvage(v any, path string, decodes func(any) error) (kept any, ok bool) {
	if len(s.lost) > mostLost {
		return nil, false
	}
	if decodes(v) == nil {
		return v, true
	}
	switch v := v.(type) {
	case map[string]any:
		if decodes(map[string]any{}) == nil { // else no field makes it right
			kept = s.fields(v, path, decodes)
			return kept, decodes(kept) == nil
		}
	case []any:
		if decodes([]any{}) == nil {
			kept = s.entries(v, path, decodes)
			return kept, decodes(kept) == nil
		}
	}
	return nil, false
}

func (s *salvager) fields(v map[string]any, path string, decodes func(any) error) map[string]any {
	kept := map[string]any{}
	for key, field := range v {
		place := join(path, key)
		if some, ok := s.salvage(field, place, func(v any) error { return decodes(map[string]any{key: v}) }); ok {
			kept[key] = some
		} else {
			s.lose(place)
		}
	}
	return kept
}

func (s *salvager) entries(v []any, path string, decodes func(any) error) []any {
	kept := []any{}
	for i, entry := range v {
		place := fmt.Sprintf("%s.%d", path, i)
		if some, ok := s.salvage(entry, place, func(v any) error { return decodes([]any{v}) }); ok {
			kept = append(kept, some)
		} else {
			s.lose(place)
		}
	}
	return kept
}

func (s *salvager) lose(place string) {
	if len(s.lost) <= mostLost {
		s.lost = append(s.lost, place)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
