// Holds back the request for the search index until the reader goes to the search: most never do, and the index weighs more than
// the page. The theme asks for it while it starts and has no setting for this, so the script stands before the theme's own. Every
// other request passes as it is.
{
  const INDEX = /\/search\/search_index\.json$/;
  const held = new Map(); // request -> its body, until it may go
  const { open, send } = XMLHttpRequest.prototype;
  const asked = new WeakSet();
  let wanted = false;

  XMLHttpRequest.prototype.open = function (method, address, ...rest) {
    if (INDEX.test(new URL(address, location.href).pathname)) asked.add(this);
    return open.call(this, method, address, ...rest);
  };
  XMLHttpRequest.prototype.send = function (body) {
    if (wanted || !asked.has(this)) return send.call(this, body);
    held.set(this, body);
    return undefined;
  };

  const go = (event) => {
    if (wanted || !event.target.closest?.('[data-md-component="search"], [for="__search"]')) return;
    wanted = true;
    for (const [request, body] of held) if (request.readyState === XMLHttpRequest.OPENED) send.call(request, body);
    held.clear();
  };
  document.querySelector('[data-md-component="search"]')?.setAttribute("aria-label", "Search"); // the theme's dialog has no name
  for (const type of ["focusin", "pointerover", "click"]) document.addEventListener(type, go, { passive: true });
}
