/** A page of a title, sentences and at most one link. It loads nothing and runs nothing, as the security headers demand. */
export function page(
  title: string,
  sentences: readonly string[],
  link?: { readonly href: string; readonly text: string },
): string {
  const paragraphs = sentences.map((sentence) => `<p>${escaped(sentence)}</p>`).join('');
  const end =
    link === undefined ? '' : `<p><a href="${escaped(link.href)}" rel="noreferrer">${escaped(link.text)}</a></p>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title></head><body><h1>${escaped(title)}</h1>${paragraphs}${end}</body></html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
