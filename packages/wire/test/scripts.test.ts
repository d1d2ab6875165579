// SPDX-License-Identifier: Apache-2.0
// Names in other scripts, by pinned tables, and the forms of names and dates that keys are made of.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalise, type DerivedText, derivedText, TRANSLITERATIONS } from "../src/index.ts";

const read = (name: string, transliteration?: string): string => {
  const spec = {
    kind: "person-name" as const,
    ...(transliteration === undefined ? {} : { transliteration }),
  };
  const found = canonicalise(spec, name);
  return found.kind === "value" ? found.value : found.kind === "reject" ? `! ${found.reason}` : "";
};

describe("a name in another script", () => {
  test.each([
    // Names of passports, and the exceptions that a table without a language does not make.
    ["Щербаков Юрий", "shcherbakov iurii"],
    ["ПОДЪЯЧЕВ Пётр", "podieiachev petr"],
    ["Дем'яненко Євген", "demianenko ievgen"],
    ["Їжакевич Ґалаґан", "izhakevich galagan"],
    ["Бабрыковіч Аляксандр", "babrykovich aliaksandr"],
    ["Ђорђевић Љубиша", "dordevic ljubisha"],
    ["Ўсевалад Кузьмін", "usevalad kuzmin"],
  ])("%s by ICAO Doc 9303 is %s", (name, latin) => {
    expect(read(name, "icao-9303")).toBe(latin);
    expect(read(name, "all-1")).toBe(latin);
    expect(read(name)).toBe("! script");
  });

  test.each([
    ["Παπαδόπουλος Γεώργιος", "papadopoulos georgios"],
    ["ΕΥΑΓΓΕΛΟΣ", "evangelos"],
    ["Ευθύμιος", "efthymios"],
    ["Μπακογιάννης Ντίνος", "bakogiannis ntinos"],
    ["Καραμπέτσος", "karampetsos"],
    ["Τσαγκάρης", "tsagkaris"],
    ["Μαΐου Πραΰς", "maiou prays"],
    ["Άυπνος", "aypnos"],
    ["Σφυγξ Ψυχή", "sfynx psychi"],
  ])("%s by ELOT 743 is %s", (name, latin) => {
    expect(read(name, "elot-743")).toBe(latin);
    expect(read(name, "all-1")).toBe(latin);
  });

  test.each([
    ["محمد", "Mohammed"],
    ["مُحَمَّد", "Muhamed"],
    ["يوسف", "Yusuf"],
    ["أيمن", "Ayman"],
    ["قاسم", "Kassem"],
    ["خيام", "Khayyam"],
    ["الحسن", "al-Hasan"],
    ["فاطمة", "Fatimah"],
    ["عبد الرحمن", "Abd al-Rahman"],
    ["پرویز", "Parvez"],
  ])("%s has the consonants of %s", (name, latin) => {
    const consonants = derivedText({ kind: "text", rule: "consonants", of: ["name"] }, [read(latin)]);
    const form = read(name, "arabic-consonants-1");
    // The Persian letter for v is the one that Arabic has for w: a limit that the documentation names.
    expect(form).toBe(latin === "Parvez" ? "prz" : consonants);
    expect(read(name, "all-1")).toBe(form);
  });

  test("of letters that no table has, of mixed scripts, or of another script is a reject", () => {
    expect(read("Кәрімов", "icao-9303")).toBe("! script");
    expect(read("Ивaнов", "icao-9303")).toBe("! script"); // with a Latin a
    expect(read("Παππάς", "icao-9303")).toBe("! script");
    expect(read("王小明", "all-1")).toBe("! script");
    expect(read("علي", "all-1")).toBe("! length"); // one consonant says nothing
  });

  test("leaves Latin names as they are without it", () => {
    const latin = fc.stringMatching(/^[A-Za-zÀ-ÿ' .,-]{0,20}$/);
    fc.assert(
      fc.property(latin, fc.constantFrom(...TRANSLITERATIONS), (name, table) => {
        expect(read(name, table)).toBe(read(name));
      }),
      { numRuns: 200 },
    );
  });

  test("is canonical once it is read", () => {
    const letters =
      "абвгґдеёжзиіїйклмнопрстуфхцчшщъыьэюяђљћαβγδεζηθικλμνξοπρσςτυφχψωάέϊابتثجحخدذرزسشصضطظعغفقكلمنهوي '-";
    const name = fc.array(fc.constantFrom(...letters), { maxLength: 12 }).map((list) => list.join(""));
    fc.assert(
      fc.property(name, (text) => {
        const once = read(text, "all-1");
        if (!once.startsWith("!")) expect(read(once, "all-1")).toBe(once);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a form of a value", () => {
  const form = (rule: DerivedText["rule"], ...values: readonly string[]): string | null =>
    derivedText({ kind: "text", rule, of: values.map((_, at) => `c${at}`), letters: 3 }, values);

  test.each([
    ["bare", ["van den berg"], "berg"],
    ["bare", ["berg van den"], "berg"],
    ["bare", ["jansen van t hof"], "jansen hof"],
    ["bare", ["de la"], "de la"],
    ["first", ["de vries"], "dev"],
    ["first", ["li"], "li"],
    ["sorted", ["anna maria", "bakker"], "anna bakker maria"],
    ["sorted", ["bakker", "maria anna"], "anna bakker maria"],
    ["consonants", ["mohammed"], "mhmd"],
    ["consonants", ["aya"], null],
    ["year", ["1970-03-04"], "1970"],
    ["year-month", ["1970-03-04"], "1970-03"],
    ["month-day", ["1970-03-04"], "03-04"],
  ] as const)("%s of %j is %s", (rule, values, due) => {
    expect(form(rule, ...values)).toBe(due);
  });

  test("of consonants is its own", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,9}( [a-z]{1,9})?$/), (name) => {
        const once = form("consonants", name);
        if (once !== null) expect(form("consonants", once)).toBe(once);
      }),
      { numRuns: 300 },
    );
  });
});
