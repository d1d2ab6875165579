#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The second verifier: checks the evidence of a question with openssl and coreutils, and none of Koplamp's own code.
#
#   sh scripts/verify.sh BUNDLE.koplamp.tar TRUSTFILE        exit 0 VERIFIED, 5 FAILED, 2 for a wrong call
#
# TRUSTFILE holds one line, as people read it out to each other: covenant sha256:… It checks what evidence.md, section 9,
# says, but does not compute the contract again from the plan, and reads only the fields that it needs. It runs with a
# POSIX sh, openssl 3, GNU tar, awk, sed and coreutils, without a network, and writes in a temporary folder alone.
set -uf
export LC_ALL=C TZ=UTC
unset TAR_OPTIONS
umask 077
[ $# = 2 ] && [ -f "$1" ] && [ -f "$2" ] || { echo "usage: sh verify.sh BUNDLE.koplamp.tar TRUSTFILE" >&2; exit 2; }
trust=$(head -c 81 "$2" | sed -n 's/^covenant sha256:\([0-9a-f]*\)$/\1/p')
[ ${#trust} = 64 ] && [ "$(wc -c <"$2")" -le 81 ] || { echo "expected one line: covenant sha256:..." >&2; exit 2; }
W=$(mktemp -d) || exit 2; trap 'rm -rf "$W"' EXIT; trap 'exit 2' HUP INT TERM
refuse() { echo "FAIL 1 bundle: $1"; echo FAILED; exit 5; }

# Functions that several awk programs share: base64 to hex (empty unless canonical), hex to what printf takes, seconds.
LIB='
BEGIN { B = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"; FS = OFS = "\t"; OFMT = CONVFMT = "%.0f" }
function hex(t,  i, k, v, d, p, h) {
  if (t == "" || length(t) % 4) return ""
  p = t ~ /==$/ ? 2 : t ~ /=$/ ? 1 : 0
  for (i = 1; i <= length(t); i += 4) {
    for (v = k = 0; k < 4; k++) { d = i + k > length(t) - p ? 0 : index(B, substr(t, i + k, 1)) - 1; if (d < 0) return ""; v = v * 64 + d }
    h = h sprintf("%06x", v)
  }
  return substr(h, length(h) - 2 * p + 1) ~ /[^0]/ ? "" : substr(h, 1, length(h) - 2 * p)
}
function dec(h,  i, v) { for (i = 1; i <= length(h); i++) v = 16 * v + index("123456789abcdef", substr(h, i, 1)); return v + 0 }
function oct(h,  i, s) { for (i = 1; i < length(h); i += 2) s = s sprintf("\\%03o", dec(substr(h, i, 2))); return s }
function sec(t,  y, m) {
  y = substr(t, 1, 4) + 0; m = substr(t, 6, 2) + 0; if (m < 3) { y--; m += 12 }
  y = 365 * y + int(y / 4) - int(y / 100) + int(y / 400) + int((153 * (m - 3) + 2) / 5) + substr(t, 9, 2) - 719469
  return y * 86400 + substr(t, 12, 2) * 3600 + substr(t, 15, 2) * 60 + substr(t, 18, 2)
}
function admitted(h,  y, c) { # whether an Ed25519 key may count: 32 bytes, y below the prime, no point of small order
  if (length(h) != 64) return 0
  y = substr(h, 1, 62); c = dec(substr(h, 63)) % 128 # without the sign of x
  if (c == 127 && substr(y, 3) !~ /[^f]/ && dec(substr(h, 1, 2)) >= 236) return 0
  if (c == 0 && substr(y, 3) !~ /[^0]/ && dec(substr(h, 1, 2)) <= 1) return 0
  if (c == 5 && y == "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc") return 0
  return !(c == 122 && y == "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03")
}
'

# 1. The archive. Names are of four forms and in order, all plain and small, so that nothing lands elsewhere; written
# again it is the same bytes, so that every byte of it is where Koplamp puts it.
[ "$(wc -c <"$1")" -le 67108864 ] || refuse "larger than 64 MiB"
cp -- "$1" "$W/tar" && mkdir "$W/x" "$W/n" || exit 2
[ "$(od -An -tx1 -N6 "$W/tar")" = " 69 6e 64 65 78 00" ] || refuse "not an archive as Koplamp writes it"
tar --force-local --numeric-owner -tvf "$W/tar" >"$W/list" 2>"$W/out" &&
  awk '{ sum += $3 } $1 != "-rw-r--r--" || $2 != "0/0" || NF != 6 || $3 > 1048576 || sum > 67108864 || NR > 16384 { exit 1 }' "$W/list" &&
  awk '{ print $6 }' "$W/list" >"$W/names" && [ -z "$(sed -e '/^index$/d' -e '/^documents\/[0-9a-f]\{64\}\.json$/d' \
  -e '/^signatures\/[0-9a-f]\{64\}\.sigs$/d' -e '/^ledgers\/[a-z][a-z0-9-]\{0,31\}\/[0-9]\{1,15\}\.json$/d' \
  -e '/^ledgers\/[a-z][a-z0-9-]\{0,31\}\/[0-9]\{1,15\}\.tlog-proof$/d' "$W/names")" ] || refuse "not an archive as Koplamp writes it"
{ echo index; sed -n '/^d/p' "$W/names" | sort -u; sed -n '/^s/p' "$W/names" | sort -u
  sed -n '/^l/p' "$W/names" | sort -u -t/ -k2,2 -k3,3n -k3,3; } >"$W/order"
cd "$W/x" && tar --force-local -xf "$W/tar" 2>"$W/out" && tar --force-local --format=ustar -b1 --owner=0 --group=0 \
  --numeric-owner --mode=0644 --mtime=@0 --no-recursion -cf "$W/again" -T "$W/names" || refuse "the archive cannot be read"
same() { [ "$(sha256sum <"$1")" = "$(sha256sum <"$2")" ]; }
same "$W/order" "$W/names" && same "$W/again" "$W/tar" || refuse "not an archive as Koplamp writes it"
DOCUMENTS=$(sed -n '/^d/p' "$W/names"); JSON=$(sed -n '/json$/p' "$W/names"); TEXT=$(sed '/json$/d' "$W/names")
SIGS=$(sed -n '/^s/p' "$W/names"); PROOFS=$(sed -n '/proof$/p' "$W/names")

# 2. Documents hash to their names, text is text, JSON becomes lines of "file <tab> path <tab> value".
sha256sum $DOCUMENTS | awk '$2 != "documents/" $1 ".json" { exit 1 }' || refuse "a document has another hash"
index=$(head -c 64 index)
[ "$(wc -c <index)" = 65 ] && [ -n "$index" ] && [ -f "documents/$index.json" ] || refuse "the index is not there"
[ "$(cat $JSON | tr -d '\040-\377' | wc -c)" = 0 ] && [ "$(cat $TEXT | tr -d '\n\040-\377' | wc -c)" = 0 ] &&
  [ "$(cat $TEXT | wc -l)" = "$(awk 'END { print NR }' $TEXT)" ] || refuse "a file is not plain text"
awk '
function no() { exit 1 }
function word(  a, c) {
  if (substr(s, at, 1) != "\"") no()
  for (a = ++at; (c = substr(s, at, 1)) != "\""; at += c == "\\" ? 2 : 1) if (at > n) no()
  return substr(s, a, at++ - a)
}
function value(path, depth,  c, a, k, last) {
  c = substr(s, at, 1); a = at; k = 0
  if (c == "\"") { k = word(); print place "\t" path "\t" k; return }
  if (c == "{" || c == "[") {
    if (depth > 16) no(); if (substr(s, ++at, 1) == (c == "{" ? "}" : "]")) at++
    else do {
      if (c == "{") { k = word(); if (k !~ /^[A-Za-z][A-Za-z0-9]*$/ || k "" <= last "" || substr(s, at++, 1) != ":") no(); last = k }
      value(path "." k, depth + 1); if (c == "[") k++
      a = substr(s, at++, 1); if (a != "," && a != (c == "{" ? "}" : "]")) no()
    } while (a == ",")
    if (c == "[") print place "\t" path ".#\t" k
    return
  }
  while (at <= n && index("-0123456789truefalsn", substr(s, at, 1))) at++
  k = substr(s, a, at - a); if (k !~ /^(0|-?[1-9][0-9]*|true|false|null)$/ || length(k) > 17) no()
  print place "\t" path "\t" k
}
{ s = $0; n = length(s); at = 1; place = FILENAME; sub(/^[a-z]*\//, "", place); sub(/\.json$/, "", place); value("", 1); if (at <= n) no() }
' $JSON >"$W/flat" || refuse "a document is not canonical JSON"

# 3. Proofs: index, origin, size, root and path of each entry; and who says to have signed its checkpoint.
: >"$W/psigs"
awk -v W="$W" "$LIB"'
function no() { bad = 1; exit 1 }
FNR == 1 { if (place != "" && state != 7) no(); place = FILENAME; sub(/^ledgers\//, "", place); sub(/\.tlog-proof$/, "", place); path = ""; state = 0 }
state == 0 { if ($0 != "c2sp.org/tlog-proof@v1") no(); state = 1; next } state == 1 { if ($0 != "index " substr(place, index(place, "/") + 1)) no(); state = 2; next }
state == 2 { if ($0 == "") state = 3; else if (length(hex($0)) != 64 || length(path) > 4090) no(); else path = path "," hex($0); next }
state == 3 { origin = $0; state = 4; next } state == 4 { size = $0; if (size !~ /^[1-9][0-9]*$/ || length(size) > 15) no(); state = 5; next }
state == 5 { if (length(hex($0)) != 64) no(); state = 6; print place, substr(place, index(place, "/") + 1), origin, size, $0, hex($0), path; next }
state == 6 { if ($0 != "") no(); state = 7; next } { if (substr($0, 1, 4) != "\342\200\224 " || split($0, p, " ") != 3 || length(hex(p[3])) < 10) no(); print place, p[2], hex(p[3]) >(W "/psigs") }
END { if (bad || (place != "" && state != 7)) exit 1 }' /dev/null $PROOFS >"$W/proofs" || refuse "a proof cannot be read"
# The path of every entry, one level of all trees at a time.
awk "$LIB"'{ print $1, $2, $4 - 1, $7 }' "$W/proofs" >"$W/climb"
while IFS='	' read -r place rest; do { printf '\000'; cat "ledgers/$place.json" 2>"$W/out"; } >"$W/n/${place%/*}!${place#*/}"; done <"$W/climb"
while :; do
  (cd "$W/n" && set +f && sha256sum -- * 2>"$W/out") | sed 's/^\(.*\)  \(.*\)!\(.*\)$/\2\/\3	\1/' >>"$W/hashes"
  rm -rf "$W/n"; mkdir "$W/n"; : >"$W/nodes"; : >"$W/climbed"
  awk -v W="$W" "$LIB"'
  FILENAME ~ /hashes$/ { h[$1] = $2; next }
  $4 == "" { print >(W "/climbed"); next }
  {
    other = $3 <= 0 || $2 > $3 ? "" : substr($4, 2, 64); right = $2 == $3 || $2 % 2 == 1 # longer than the tree is high: the hash comes out wrong
    print $1, oct("01" (right ? other h[$1] : h[$1] other)) >(W "/nodes")
    if (right) while ($2 > 0 && $2 % 2 == 0) { $2 /= 2; $3 = int($3 / 2) } # up to where it is a right child again
    print $1, int($2 / 2), int($3 / 2), substr($4, 66) >(W "/climbed")
  }' "$W/hashes" "$W/climb"
  mv "$W/climbed" "$W/climb"; [ -s "$W/nodes" ] || break
  while IFS='	' read -r place bytes; do printf "$bytes" >"$W/n/${place%/*}!${place#*/}"; done <"$W/nodes"
done

# 4. Signatures: what each would be over, then openssl over each once. Keys are hex. Verifier keys state their own hash.
awk '{ print substr(FILENAME, 12, 64) "\t" $0 }' /dev/null $SIGS >"$W/lines"
awk "$LIB"'$2 ~ /^\.(ledger|witness|witnesses\.external\.[0-9]+\.vkey)$/ {
  p = index($3, "+"); key = hex(substr($3, p + 10)); if (length(key) == 66) print $1, $2, substr($3, 1, p - 1), substr($3, p + 1, 9), key, oct(key) }' "$W/flat" |
while IFS='	' read -r place path name id key bytes; do
  got=$({ printf '%s\n' "$name"; printf "$bytes"; } | sha256sum)
  [ "${got%"${got#????????}"}+" != "$id" ] || printf '%s\t%s\t%s\t%s\t%s\n' "$place" "$path" "$name" "${id%+}" "$key"
done >"$W/vkeys"
awk "$LIB"'
FILENAME ~ /flat$/ { V[$1, $2] = $3; next } FILENAME ~ /proofs$/ { T[$1] = $3 OFS $4 OFS $5; next }
FILENAME ~ /vkeys$/ { K[++k] = ($2 ~ /external/ ? "!" : V[$1, ".party"]) OFS $3 OFS $4 OFS $5; next }
FILENAME ~ /lines$/ {
  n = split($2, p, " "); key = p[1] ~ /^ed25519:/ ? hex(substr(p[1], 9)) : ""; h = hex(p[2])
  print "D", $1, key, 0, n == 2 && admitted(key) && length(h) == 128 ? key : "-", h == "" ? "-" : h, "koplamp.sig/v1", V[$1, ".koplamp"], "sha256:" $1; next
}
{
  own = substr($1, 1, index($1, "/") - 1)
  for (i = 1; i <= k; i++) {
    split(K[i], f, OFS); isLedger = f[4] ~ /^01/; key = substr(f[4], 3)
    if (f[2] != $2 || f[3] != substr($3, 1, 8) || isLedger != (f[1] == own)) continue
    if (isLedger) print "L", $1, key, 0, key, substr($3, 9), T[$1]
    else print "W", $1, key, dec(substr($3, 9, 16)), key, substr($3, 25), "cosignature/v1", "time " dec(substr($3, 9, 16)), T[$1]
  }
}' "$W/flat" "$W/vkeys" "$W/lines" "$W/proofs" "$W/psigs" >"$W/said"
[ "$(wc -l <"$W/said")" -le 16384 ] || refuse "too many signatures"
cut -f 5- "$W/said" | sort -u | awk "$LIB"'{ j = $0; $1 = oct("302a300506032b6570032100" $1); $2 = oct($2); print; print j }' |
while IFS='	' read -r key sig a b c d e && IFS= read -r job; do
  printf "$key" >"$W/key"; printf "$sig" >"$W/sig"; printf '%s\n' "$a" "$b" "$c" ${d:+"$d"} ${e:+"$e"} >"$W/msg"
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$W/key" -rawin -in "$W/msg" -sigfile "$W/sig" >"$W/out" 2>&1 && printf '%s\n' "$job"
done >"$W/good"

# 5. What all of it says, promise by promise.
awk -v I="$index" -v trust="$trust" "$LIB"'
function no(p, why) { if (!(p in F)) F[p] = why } # what fails
function hop(p, why) { if (!(p in S)) S[p] = why } # what is skipped
function cut(h) { return substr(h, 8) } function is(v, p) { return v == "*" || v == p }
function key(h, p) { return hex(substr(V[h, p], 9)) }
function once(k) { if (!admitted(k) || (k in used)) no("roster", "a key may not be trusted, or is used twice"); used[k]; return k }
function has(h, p, v,  i) { for (i = 0; i < V[h, p ".#"]; i++) if (V[h, p "." i] == v) return 1; return 0 }
function at(e) { return sec(V[e, ".at"]) } function lost(p, s) { return ((p, s) in shard) && again[p, s] < latest[shard[p, s]] } # begun once more
function signs(h, p,  i, ok) { for (i = 0; i < kn[p]; i++) if ((h, kk[p, i]) in D) ok = 1; return ok }
function goes(e, to) { return V[e, ".type"] == "allow" ? V[e, ".body.asker"] == to : has(e, ".body.to", to) }
function root(t, f,  h) { h = cut(V[I, f]); if ((h in named) && V[h, ".koplamp"] == t) return h; if ((t, h) in out) return "out"; no(substr(t, 1, index(t, "/") - 1), "not in the bundle"); return "" }
function line(e,  i, l) {
  for (i = 0; i < V[CT, ".disclosures.#"]; i++) { l = ".disclosures." i
    if (V[CT, l ".id"] == V[e, ".body.disclosure"] && V[CT, l ".from"] == party[e] && goes(e, V[CT, l (V[CT, l ".via"] == "null" ? ".to" : ".via")])) return i }
  return -1
}
function output(l, to, fact,  i, o) { # whether an output of a line is for a party, or is such a fact
  for (i = 0; i < V[CT, ".outputs.#"]; i++) { o = ".outputs." i
    if (V[CT, o ".id"] == V[CT, l ".output"] && (to == "" || V[CT, o ".to"] == to) && (fact == "" || V[CT, o ".fact"] == fact)) return 1 }
  return 0
}
FILENAME ~ /flat$/ { V[$1, $2] = $3; next } FILENAME ~ /vkeys$/ { vk[$1, $2] = $5; next }
FILENAME ~ /names$/ { n = split($0, f, "[/.]"); if (f[1] == "ledgers") files[f[2] "/" f[3]]++; else if (n > 1) { if (f[1] == "documents") docs[f[2]]; else sigs[f[2]] }; next }
FILENAME ~ /good$/ { good[$0]; next } FILENAME ~ /climb$/ { climbed[$1] = $3 == 0; next } FILENAME ~ /hashes$/ { top[$1] = $2; next }
FILENAME ~ /proofs$/ { party[$1] = substr($1, 1, index($1, "/") - 1); place[$1] = $2; origin[$1] = $3; size[$1] = $4; tree[$1] = $6; next }
{
  j = $5; for (i = 6; i <= NF; i++) j = j OFS $i
  if (!(j in good)) no($1 == "D" ? "bundle" : "ledgers", "a signature on " $2 " does not hold")
  if ($1 == "D") { if (($2, $3) in D) no("bundle", "two signatures by one key"); D[$2, $3] } else if ($1 == "L") ownSigned[$2]
  else if (!(($2, $3) in seen)) { seen[$2, $3]; cosigned[$2]++; if ($4 > witnessed[$2]) witnessed[$2] = $4 }
}
END {
  # bundle: what the index names is there, and nothing else
  if (V[I, ".koplamp"] != "bundle/v1") no("bundle", "the index is none")
  for (i = 0; i < V[I, ".documents.#"]; i++) {
    r = ".documents." i; h = cut(V[I, r ".hash"]); t = V[I, r ".type"]
    if (V[I, r ".included"] != "true") { out[t]; out[t, h]; continue }
    if (!(h in docs) || V[h, ".koplamp"] != t) no("bundle", "a document is not there"); named[h]; list[t, num[t]++] = h
  }
  for (h in docs) if (h != I && !(h in named)) no("bundle", "a document that the index does not name")
  for (h in sigs) if (!(h in docs)) no("bundle", "signatures of nothing")
  for (i = 0; i < V[I, ".proofs.#"]; i++) {
    r = ".proofs." i; e = V[I, r ".party"] "/" V[I, r ".index"]
    if (files[e] != 2 || V[e, ".koplamp"] != "entry/v1" || V[e, ".type"] != V[I, r ".type"]) no("bundle", "an entry is not there"); listed[e]
  }
  for (e in files) if (!(e in listed)) no("bundle", "an entry that the index does not name")
  C = root("covenant/v1", ".covenantHash"); R = root("roster/v1", ".rosterHash"); PL = root("plan/v1", ".planHash"); CT = root("contract/v1", ".contractHash")
  if (cut(V[I, ".covenantHash"]) != trust) no("covenant", "another agreement than the one that you trust")
  if (C == "out" || R == "out" || ("card/v1" in out)) no(C == "out" ? "covenant" : "roster", "not in the bundle: nothing can be checked without it")
  for (i = 0; i < V[C, ".parties.#"]; i++) {
    p = V[C, ".parties." i ".id"]; ids[p]; for (j = 0; j < V[C, ".parties." i ".covenantKeys.#"]; j++) { kk[p, kn[p]++] = once(key(C, ".parties." i ".covenantKeys." j)) }
    if (!signs(C, p)) no("covenant", "not signed by " p); if (!signs(R, p)) no("roster", "not signed by " p)
  }
  for (i = 0; i < num["card/v1"]; i++) {
    h = list["card/v1", i]; p = V[h, ".party"]
    if (!(p in ids) || (p in card) || cut(V[h, ".covenantHash"]) != C || !signs(h, p)) no("roster", "the card of " p " does not hold"); card[p] = h
    once(key(h, ".identity")); for (j = 0; j < V[h, ".people.#"]; j++) once(key(h, ".people." j ".key"))
  }
  for (v in vk) once(substr(vk[v], 3))
  for (i = 0; i < V[C, ".witnesses.external.#"]; i++) if (!((C, ".witnesses.external." i ".vkey") in vk)) no("roster", "a witness has no key")
  once(key(R, ".coordinator.identity")); q = V[R, ".witnessQuorum"] + 0
  for (i = 0; i < V[R, ".cards.#"]; i++) {
    p = V[R, ".cards." i ".party"]; h = card[p]
    if (h != cut(V[R, ".cards." i ".cardHash"]) || vk[h, ".ledger"] !~ /^01/ || vk[h, ".witness"] !~ /^04/) no("roster", "another card of " p)
  }
  if (V[R, ".cards.#"] != num["card/v1"] || cut(V[R, ".covenantHash"]) != C || q < V[C, ".witnesses.quorum"] || 2 * q <= num["card/v1"] - 1 + V[C, ".witnesses.external.#"]) no("roster", "not a roster of these cards under this covenant")
  if (!((I, key(card[V[I, ".by"]], ".identity")) in D)) no("bundle", "not signed by the node of " V[I, ".by"])
  p = V[PL, ".proposer.party"]; by = V[PL, ".proposer.by"]; for (i = 0; i < V[card[p], ".people.#"]; i++)
    if (V[card[p], ".people." i ".key"] == by && has(card[p], ".people." i ".roles", "analyst") && ((PL, hex(substr(by, 9))) in D)) analyst = 1
  if (PL == "out") hop("plan", "left out"); else if (!analyst || cut(V[PL, ".covenantHash"]) != C || cut(V[PL, ".rosterHash"]) != R) no("plan", "not signed by an analyst of " p ", or under another agreement")
  split(".planHash .covenantHash .rosterHash", f, " "); if (CT != "out") for (i in f) if (V[CT, f[i]] != V[I, f[i]]) no("contract", "of another question")
  hop("contract", "it is of this question and agreement; it is not computed again here"); hop("erasure", "not checked here")
  for (e in listed) {
    p = party[e]; v = V[card[p], ".ledger"]; t = V[e, ".type"]; s = V[e, ".body.session"] V[e, ".body.case"]; any = 1
    if (!climbed[e] || top[e] != tree[e] || !(e in ownSigned) || cosigned[e] < q || origin[e] != substr(v, 1, index(v, "+") - 1) || V[e, ".ledger"] != origin[e] ||
      (V[e, ".planHash"] != "null" && V[e, ".planHash"] != V[I, ".planHash"]) || ((p, size[e]) in view && view[p, size[e]] != tree[e])) no("ledgers", "entry " e " does not hold")
    view[p, size[e]] = tree[e]
    if (t == "allow" || t == "disclose") { dis[nd++] = e; if (V[e, ".at"] > last) last = V[e, ".at"]; if (t == "allow") got[p OFS V[e, ".body.asker"]] += V[e, ".body.ceiling"] }
    if (t == "begin") { for (j = 0; j < V[e, ".body.debits.#"] && V[PL, ".protocol.id"] ~ /^(match|bulk)-pair/; j++) if (V[e, ".body.debits." j ".unit"] == "elements") got[p OFS V[e, ".body.debits." j ".asker"]] += V[e, ".body.debits." j ".amount"]; began[p, s] = e; if (V[e, ".body.shard"] ~ /^[0-9]+\/[0-9]+(\/[12])?$/) { split(V[e, ".body.shard"], f, "/"); k = p OFS f[1] OFS f[2]; shard[p, s] = k; again[p, s] = f[3] + 0; if (f[3] + 0 > latest[k] + 0) latest[k] = f[3] + 0 }; if (first == "" || V[e, ".at"] < first) first = V[e, ".at"]; if (!(p in start) || place[e] + 0 < start[p]) start[p] = place[e] + 0 }
    if (t == "approval") logged[p, cut(V[e, ".body.approvalHash"])] = place[e] + 0
    if (t == "undelivered") silent[p, s, V[e, ".body.disclosure"]]
  }
  if (!any) no("ledgers", "no entry of any ledger"); for (g in began) { split(g, f, SUBSEP); for (j = 0; j < V[began[g], ".body.debits.#"] && !lost(f[1], f[2]); j++) if (V[began[g], ".body.debits." j ".unit"] == "elements") paid[f[1] OFS V[began[g], ".body.debits." j ".asker"]] += V[began[g], ".body.debits." j ".amount"] }
  for (i = 0; i < V[PL, ".inputs.#"]; i++) who[V[PL, ".inputs." i ".party"]]; for (i = 0; i < V[PL, ".recipients.#"]; i++) who[V[PL, ".recipients." i ".party"]]; if ((PL, ".ask.dealer") in V && V[PL, ".ask.dealer"] != "nobody") who[V[PL, ".ask.dealer"]]
  if (V[C, ".id"] ~ /^lab\//) { hop("approvals", "lab"); hop("quotas", "lab") }
  if (PL == "out" || ("approval/v1" in out)) hop("approvals", "left out"); if (last == "") last = V[I, ".made"]
  for (i = 0; i < num["approval/v1"] && !("approvals" in S); i++) {
    h = list["approval/v1", i]; p = V[h, ".party"]; r = V[h, ".role"]; by = V[h, ".by"]
    if (V[h, ".planHash"] != V[I, ".planHash"] || V[h, ".contractHash"] != V[I, ".contractHash"] || V[h, ".covenantHash"] != V[I, ".covenantHash"] || V[h, ".decision"] != "approve" ||
      !((h, hex(substr(by, 9))) in D)) no("approvals", "one is a refusal, of another question, or not signed")
    if (first != "" && sec(V[h, ".at"]) > sec(first) + 300) no("approvals", "one was given after the question had begun")
    need[h]; entitled = 0; counts = last < V[h, ".validUntil"]
    if (p == "external") for (j = 0; j < V[C, ".approval.external.#"]; j++) { k = ".approval.external." j; if (V[C, k ".role"] == r && has(C, k ".keys", by)) { entitled = 1; if (counts) outside[r] } }
    else for (j = 0; j < V[card[p], ".people.#"]; j++) { k = ".people." j; if (V[card[p], k ".key"] == by && has(card[p], k ".roles", r) && by != V[PL, ".proposer.by"]) {
      entitled = 1; if (counts && last < V[card[p], k ".validUntil"]) { yes[p, r]; if (!((p, by) in eyes)) pairs[p]++; eyes[p, by] } } }
    if (!entitled) no("approvals", "one of " p " is by nobody with that role, or by the proposer") }
  if (!("approvals" in S)) {
    for (p in who) if (!((p, "lawful") in yes) || !((p, "ethical") in yes) || pairs[p] < 2) no("approvals", "two people of " p " have not approved this")
    for (j = 0; j < V[C, ".approval.external.#"]; j++) { k = ".approval.external." j; if (!(V[C, k ".role"] in outside) && (has(C, k ".classes", V[PL, ".class"]) ||
      (V[PL, ".class"] ~ /^[EF]$/ && has(C, ".personLevel.external", V[C, k ".role"])))) no("approvals", "nobody outside has approved this as " V[C, k ".role"]) }
    for (p in who) for (h in need) if ((p in start) && (!((p, h) in logged) || logged[p, h] >= start[p])) no("approvals", "not in the ledger of " p " before it began")
  }
  if (PL == "out") hop("quotas", "left out"); if (!("quotas" in S)) for (g in got) {
    split(g, f, OFS); most = 0
    for (i = 0; i < V[C, ".quotas.#"]; i++) { k = ".quotas." i; if (V[C, k ".purpose"] == V[PL, ".purpose"] && is(V[C, k ".holder"], f[1]) && is(V[C, k ".asker"], f[2]) && V[C, k ".evaluations"] + 0 > most) most = V[C, k ".evaluations"] + 0 }
    if (got[g] > most) no("quotas", f[2] " had " got[g] " of " most " at " f[1])
  } if (!("quotas" in S) && CT != "out" && V[PL, ".protocol.id"] ~ /^(match|bulk)-pair/) for (i = 0; i < V[CT, ".debits.#"]; i++) { k = ".debits." i; if (V[CT, k ".unit"] == "evaluations" && paid[V[CT, k ".holder"] OFS V[CT, k ".asker"]] + 0 != V[CT, k ".amount"]) no("quotas", V[CT, k ".holder"] " began without the charge of the contract") }
  if (CT == "out") { hop("disclosed", "the contract is left out"); hop("egress", "the contract is left out") } if (!nd) hop("order", "nothing was disclosed")
  for (d = 0; d < nd; d++) {
    e = dis[d]; p = party[e]; s = V[e, ".body.session"] V[e, ".body.case"]; i = line(e); l = ".disclosures." i; to = V[CT, l (V[CT, l ".via"] == "null" ? ".to" : ".via")]; if (!lost(p, s)) times[i]++
    if (CT != "out" && (i < 0 || V[e, ".body.contractHash"] != V[I, ".contractHash"])) no("disclosed", V[e, ".body.disclosure"] " of " p " is not in the contract")
    for (j = 0; j < V[e, ".body.to.#"]; j++) { k = V[e, ".body.to." j]; if (CT != "out" && k != to && k != V[CT, l ".to"] && !output(l, k, "")) no("disclosed", "something went to " k) }
    b = began[p, s]; if (b == "" || place[b] + 0 >= place[e] + 0 || V[b, ".at"] > V[e, ".at"] || at(e) > witnessed[e] + 300 || witnessed[e] > at(e) + 600) no("order", V[e, ".body.disclosure"] " of " p " was not begun before, or not witnessed right after")
    for (taken = i = 0; i < num["receipt/v1"]; i++) {
      h = list["receipt/v1", i]; if (V[h, ".frame"] != V[e, ".body.frame"]) continue
      if (witnessed[e] > at(h) + 300) no("order", "something was received before it was witnessed")
      if (V[h, ".from"] == p && V[h, ".disclosure"] == V[e, ".body.disclosure"] && V[h, ".session"] == s && V[h, ".planHash"] == V[I, ".planHash"] && goes(e, V[h, ".to"]) &&
        (V[e, ".type"] == "allow" || V[h, ".bytes"] == V[e, ".body.bytes"])) { taken = 1; real[h] }
    }
    if (!taken && V[e, ".type"] == "disclose" && !lost(p, s)) { if (("receipt/v1" in out) || ((p, s, V[e, ".body.disclosure"]) in silent)) hop("receipts", "some did not come"); else no("receipts", "nobody acknowledged " V[e, ".body.disclosure"] " of " p) }
  }
  for (i = 0; i < V[CT, ".disclosures.#"]; i++) { l = ".disclosures." i; most = V[CT, l ".perShard"] * V[CT, l ".shards"]
    if (times[i] > most || (times[i] < most && !output(l, "", "test-evaluated"))) no("disclosed", V[CT, l ".id"] " is not there as often as the contract says") }
  for (i = 0; i < num["receipt/v1"]; i++) { h = list["receipt/v1", i]; p = V[h, ".to"]; k = p == "coordinator" ? key(R, ".coordinator.identity") : key(card[p], ".identity")
    if (!(h in real) || !((h, k) in D)) no("receipts", "one of " p " is for nothing that was logged, or not its own") }
  for (i = 0; i < num["egress/v1"]; i++) { h = list["egress/v1", i]; p = V[h, ".from"]; told[p]; if (V[h, ".equalsContract"] == "true") equal[p]
    if (!((h, key(card[p], ".identity")) in D) || V[h, ".planHash"] != V[I, ".planHash"] || V[h, ".contractHash"] != V[I, ".contractHash"]) no("egress", "an account of " p " is not its own")
    for (j = 0; j < V[h, ".rows.#"]; j++) { r = ".rows." j; g = p OFS V[h, r ".to"] OFS V[h, r ".channel"] OFS V[h, r ".what"]; msgs[g] += V[h, r ".messages"]; left[g] += V[h, r ".bytes"] } }
  for (i = 0; i < V[CT, ".egress.#"]; i++) { l = ".egress." i; p = V[CT, l ".from"]; g = p OFS V[CT, l ".to"] OFS V[CT, l ".channel"] OFS V[CT, l ".what"]; m = V[CT, l ".messages"]; b = V[CT, l ".bytes"]; may[g]
    if (p != "coordinator" && !(p in told)) { if ("egress/v1" in out) hop("egress", "left out"); else no("egress", "no account of " p) }
    if (msgs[g] > m + 0 || left[g] > b + 0) no("egress", "more left " p " than the contract lists")
    if ((p in equal) && m > 0 && V[CT, l ".what"] !~ /^(keyset|evaluate)\./ && (msgs[g] != m || left[g] != b)) no("egress", p " claims an equal account, and it is below") }
  for (g in msgs) if (CT != "out" && !(g in may)) no("egress", "something left that is not in the contract")
  k = split("bundle covenant roster plan contract approvals quotas ledgers disclosed order egress receipts erasure", f, " "); for (i = 1; i <= k; i++) {
    print (f[i] in F ? "FAIL " : f[i] in S ? "SKIP " : "PASS ") i " " f[i] (f[i] in F ? ": " F[f[i]] : f[i] in S ? ": " S[f[i]] : ""); bad += f[i] in F; good_ += !(f[i] in F) && !(f[i] in S) }
  print bad ? "FAILED" : "VERIFIED (" good_ "/" good_ ")"; exit bad ? 5 : 0
}' "$W/flat" "$W/vkeys" "$W/names" "$W/good" "$W/climb" "$W/hashes" "$W/proofs" "$W/said" >"$W/report"; code=$?
tr -cd '\n\040-\176' <"$W/report"; exit $((code ? 5 : 0)) # a name of theirs says nothing to a terminal
