// Prints what Go's regexp package says of random expressions, a JSON array each: how the rows of go_regexp.json came to be.
//
//	go run tests/vectors/go_regexp.go 600 7
package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"regexp"
	"strconv"
	"strings"
)

var pieces = []string{"a", "b", "(", ")", "(?:", "(?P<", "(?<", "n>", ">", "(?i)", "(?-", "(?", "s", "U", ":", "|", "*", "+", "?", "{", "}", "2", "{2}", "{10}", "{2,1}", "{1001}", "{99,}", "{0}", "{,2}", "{02}", "{1,999999999999}", ",", "[", "]", "^", "-", "[a-z]", "[z-a]", "[:alpha:]", "[[:alpha:]]", "[[:^foo:]]", "[^", "\\", "\\d", "\\D", "\\w", "\\b", "\\B", "\\A", "\\z", "\\Z", "\\C", "\\Q", "\\E", "\\1", "\\12", "\\8", "\\0", "\\x", "\\x4", "\\x41", "\\x{", "\\x{110000}", "\\x{41}", "\\pL", "\\pQ", "\\p{Greek}", "\\p{^Lu}", "\\p{", "\\P", "\\.", "\\_", "\\u", "é", "\\é", "$", ".", "/", "=", "!", "&&"}

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	seed, _ := strconv.Atoi(os.Args[2])
	r := rand.New(rand.NewSource(int64(seed)))
	seen := map[string]bool{}
	for len(seen) < count {
		var b strings.Builder
		for k := 1 + r.Intn(8); k > 0; k-- {
			b.WriteString(pieces[r.Intn(len(pieces))])
		}
		s := b.String()
		if seen[s] {
			continue
		}
		seen[s] = true
		e := ""
		if _, err := regexp.Compile(s); err != nil {
			e = strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		}
		x, _ := json.Marshal([2]string{s, e})
		fmt.Println(string(x))
	}
}
